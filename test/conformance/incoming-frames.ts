/**
 * Reads what the endpoint under test sends, and finds fault with whatever RFC 6455 §5 does not allow. It is written for
 * this suite, so that a mistake of our own frame reader is not made twice.
 */

import { inflateRawSync, constants } from "node:zlib";
import { isUtf8 } from "node:buffer";
import type { Role } from "#src/protocol/opcode.js";
import { xor } from "../protocol/frames.js";
import type { Arrival } from "./arrival.js";

const kinds = new Map<number, Arrival["kind"]>([
  [1, "text"],
  [2, "binary"],
  [8, "close"],
  [9, "ping"],
  [10, "pong"],
]);

interface Header {
  readonly fin: boolean;
  readonly reserved: number;
  readonly opcode: number;
  readonly mask: Buffer;
  readonly size: number;
  readonly length: number;
}

export interface IncomingFramesOptions {
  /** The role of the endpoint under test. */
  readonly role: Role;
  /** The window of what comes compressed; `undefined` if compression was not agreed on. */
  readonly windowBits: number | undefined;
  readonly arrived: (arrival: Arrival) => void;
}

export class IncomingFrames {
  /** The mask of each frame, in hexadecimal digits; empty without one. */
  readonly masks: string[] = [];
  readonly #options: IncomingFramesOptions;
  #chunks: Buffer[] = [];
  #size = 0;
  /** So many bytes there must be before it is worth looking. */
  #wanted = 2;
  #opcode = 0;
  #compressed = false;
  #parts: Buffer[] = [];

  constructor(options: IncomingFramesOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return;
    let bytes = Buffer.concat(this.#chunks);
    try {
      for (let size = this.#read(bytes); size > 0; size = this.#read(bytes)) bytes = bytes.subarray(size);
    } catch (error) {
      this.#arrived("violation", Buffer.from(String(error)));
      this.#wanted = Infinity;
    }
    this.#chunks = [bytes];
    this.#size = bytes.length;
  }

  /** Reads one frame. @returns its size; 0 if it is not complete, in which case `#wanted` is set */
  #read(bytes: Buffer): number {
    this.#wanted = 2;
    const header = bytes.length < 2 ? undefined : this.#header(bytes);
    if (header === undefined) return 0;
    const end = header.size + header.length;
    this.#wanted = end;
    if (bytes.length < end) return 0;
    this.#wanted = 2;
    this.masks.push(header.mask.toString("hex"));
    this.#frame(header, unmasked(bytes.subarray(header.size, end), header.mask));
    return end;
  }

  #header(bytes: Buffer): Header | undefined {
    const [first = 0, second = 0] = bytes;
    const isMasked = second >= 0x80;
    if (isMasked !== (this.#options.role === "client")) throw new Error(`a frame is masked: ${isMasked}`);
    const short = second & 0x7f;
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    const size = 2 + lengthBytes + (isMasked ? 4 : 0);
    if (bytes.length < size) return undefined;
    const length = lengthBytes === 0 ? short : Number(`0x${bytes.toString("hex", 2, 2 + lengthBytes)}`);
    if (lengthBytes > 0 && length < (lengthBytes === 2 ? 126 : 65_536))
      throw new Error(`the length ${length} is not in its shortest form`);
    const mask = bytes.subarray(2 + lengthBytes, size);
    return { fin: first >= 0x80, reserved: first & 0x70, opcode: first & 0x0f, mask, size, length };
  }

  #frame({ fin, reserved, opcode, length }: Header, payload: Buffer): void {
    if (opcode >= 8) {
      const kind = kinds.get(opcode);
      if (kind === undefined || !fin || length > 125 || reserved !== 0)
        throw new Error(`a control frame is malformed: ${opcode}, ${length} bytes`);
      return this.#arrived(kind, payload);
    }
    const isFirst = this.#opcode === 0;
    if (isFirst !== opcode > 0 || opcode > 2) throw new Error(`opcode ${opcode} is out of place`);
    const mayBeCompressed = isFirst && this.#options.windowBits !== undefined;
    if (reserved !== 0 && !(reserved === 0x40 && mayBeCompressed))
      throw new Error(`reserved bits are set: ${reserved}`);
    if (isFirst) this.#compressed = reserved === 0x40;
    if (isFirst) this.#opcode = opcode;
    this.#parts.push(payload);
    return fin ? this.#message() : undefined;
  }

  #message(): void {
    const joined = Buffer.concat(this.#parts);
    const payload = this.#compressed ? inflated(joined, this.#options.windowBits ?? 15) : joined;
    if (this.#opcode === 1 && !isUtf8(payload)) throw new Error("a text is not UTF-8");
    this.#arrived(this.#opcode === 1 ? "text" : "binary", payload, this.#compressed);
    this.#opcode = 0;
    this.#parts = [];
  }

  #arrived(kind: Arrival["kind"], payload: Buffer, compressed = false): void {
    this.#options.arrived({ kind, payload, compressed });
  }
}

function unmasked(payload: Buffer, mask: Buffer): Buffer {
  return mask.length === 0 ? payload : xor(payload, mask.readInt32LE());
}

/** In steps so small that a distance beyond the window is not to be found in the output either. */
function inflated(payload: Buffer, windowBits: number): Buffer {
  const bytes = Buffer.concat([payload, Buffer.from("0000ffff", "hex")]);
  const chunkSize = windowBits < 15 ? 64 : 16_384;
  return inflateRawSync(bytes, { windowBits, chunkSize, finishFlush: constants.Z_SYNC_FLUSH });
}
