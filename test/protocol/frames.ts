/** What the tests of the framing share: frames made in the slow and plain way, and a sink that notes what it gets. */

import { Buffer } from "node:buffer";
import type { Failure } from "#src/protocol/close-code.js";
import { FrameReader, type FrameReaderOptions, type FrameSink } from "#src/protocol/frame-reader.js";
import {
  MessageAssembler,
  type MessageAssemblerOptions,
  type MessageSink,
} from "#src/protocol/message-assembler.js";
import type { Opcode, Role } from "#src/protocol/opcode.js";

export const ROLES: readonly Role[] = ["server", "client"];

/** The key of RFC 6455 §5.7, 37 fa 21 3d, whose lowest byte is its first. */
export const KEY = 0x3d21fa37;

export function hex(bytes: string): Buffer {
  return Buffer.from(bytes.replaceAll(" ", ""), "hex");
}

export interface FrameSpec {
  readonly opcode: number;
  /** @default true */
  readonly fin?: boolean;
  /** RSV1, RSV2 and RSV3 as 0x40, 0x20 and 0x10. */
  readonly reserved?: number;
  readonly payload?: Uint8Array | string;
  /** The length to announce, where it is a lie. */
  readonly length?: number | bigint;
  /** How the length is written: in so many bytes after the second one. The shortest form by default. */
  readonly lengthBytes?: 0 | 2 | 8;
  /** Whether the frame is masked; by default as the role wants it. */
  readonly masked?: boolean;
  readonly key?: number;
}

/** A frame as the peer of `role` sends it: masked for a server, unmasked for a client. */
export function buildFrame(role: Role, spec: FrameSpec): Buffer {
  const payload = Buffer.from(spec.payload ?? "");
  const length = BigInt(spec.length ?? payload.length);
  const lengthBytes = spec.lengthBytes ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  const masked = spec.masked ?? role === "server";
  const field = Buffer.alloc(8);
  field.writeBigUInt64BE(length);
  const short = lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127;
  const key = Buffer.alloc(masked ? 4 : 0);
  if (masked) key.writeInt32LE((spec.key ?? KEY) | 0);
  return Buffer.concat([
    Buffer.of((spec.fin === false ? 0 : 0x80) | (spec.reserved ?? 0) | spec.opcode),
    Buffer.of((masked ? 0x80 : 0) | short),
    field.subarray(8 - lengthBytes),
    key,
    masked ? xor(payload, spec.key ?? KEY) : payload,
  ]);
}

export function buildFrames(role: Role, specs: readonly FrameSpec[]): Buffer {
  return Buffer.concat(specs.map((spec) => buildFrame(role, spec)));
}

/** The masking as RFC 6455 §5.3 writes it down. */
export function xor(bytes: Uint8Array, key: number): Buffer {
  const masked = Buffer.from(bytes);
  for (let at = 0; at < masked.length; at++) masked[at] = (masked[at] ?? 0) ^ (key >>> (8 * (at % 4)));
  return masked;
}

/** Cuts bytes into parts of these sizes and a rest. */
export function split(bytes: Buffer, sizes: Iterable<number>): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (const size of sizes) {
    if (start >= bytes.length) break;
    parts.push(bytes.subarray(start, start + size));
    start += size;
  }
  if (start < bytes.length) parts.push(bytes.subarray(start));
  return parts;
}

/** Parts of one byte each. */
export function bytewise(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_byte, index) => bytes.subarray(index, index + 1));
}

/** What a frame reader told its sink. */
export type FrameNote =
  | readonly ["begin", opcode: Opcode, fin: boolean, compressed: boolean, length: number]
  | readonly ["payload", bytes: Buffer, last: boolean];

/** Notes frames; the refusals, if any, are given back at the calls of those names. */
export class FrameRecorder implements FrameSink {
  readonly notes: FrameNote[] = [];
  readonly ascii: boolean[] = [];
  onBegin: (() => Failure | undefined) | undefined;
  onPayload: ((last: boolean) => Failure | undefined) | undefined;

  begin(opcode: Opcode, fin: boolean, compressed: boolean, length: number): Failure | undefined {
    this.notes.push(["begin", opcode, fin, compressed, length]);
    return this.onBegin?.();
  }

  payload(chunk: Buffer, start: number, end: number, ascii: boolean, last: boolean): Failure | undefined {
    this.notes.push(["payload", Buffer.from(chunk.subarray(start, end)), last]);
    this.ascii.push(ascii);
    return this.onPayload?.(last);
  }

  /** The payloads of the frames that came to their end. */
  get payloads(): Buffer[] {
    const payloads: Buffer[] = [];
    let parts: Buffer[] = [];
    for (const note of this.notes) {
      if (note[0] === "begin") continue;
      parts.push(note[1]);
      if (!note[2]) continue;
      payloads.push(Buffer.concat(parts));
      parts = [];
    }
    return payloads;
  }
}

/** What a connection's bytes amounted to. */
export type MessageNote =
  | readonly ["text", string]
  | readonly ["binary", Buffer]
  | readonly ["compressed text" | "compressed binary", Buffer]
  | readonly ["ping" | "pong", Buffer]
  | readonly ["close", code: number, reason: string];

export interface EndpointOptions extends Partial<MessageAssemblerOptions> {
  readonly compression?: FrameReaderOptions["compression"];
}

/** A reader and an assembler as a transport joins them, noting all that comes out. */
export class Endpoint implements MessageSink {
  readonly notes: MessageNote[] = [];
  readonly reader: FrameReader;
  readonly assembler: MessageAssembler;
  /** Called after each note, for tests that pause, stop or refuse at a message. */
  onNote: ((note: MessageNote) => Failure | undefined) | undefined;

  constructor(role: Role, options: EndpointOptions = {}) {
    this.assembler = new MessageAssembler(this, { maxMessageSize: 1_048_576, ...options });
    this.reader = new FrameReader(this.assembler, { role, compression: options.compression ?? false });
  }

  get failureCode(): number | undefined {
    return this.reader.failure?.code;
  }

  /** Pushes a copy that is spoilt afterwards, so that a view that stayed behind would show. */
  push(bytes: Uint8Array): this {
    const chunk = Buffer.from(bytes);
    for (let at = 0; at < chunk.length;) at = this.reader.push(chunk, at);
    chunk.fill(0xee);
    return this;
  }

  pushAll(parts: Iterable<Uint8Array>): this {
    for (const part of parts) this.push(part);
    return this;
  }

  message(data: string | Buffer): void {
    this.#note(typeof data === "string" ? ["text", data] : ["binary", data]);
  }

  compressedMessage(payload: Buffer, isText: boolean): Failure | undefined {
    return this.#note([isText ? "compressed text" : "compressed binary", Buffer.from(payload)]);
  }

  ping(payload: Buffer): void {
    this.#note(["ping", Buffer.from(payload)]);
  }

  pong(payload: Buffer): void {
    this.#note(["pong", Buffer.from(payload)]);
  }

  close(code: number, reason: string): void {
    this.reader.stop();
    this.#note(["close", code, reason]);
  }

  #note(note: MessageNote): Failure | undefined {
    this.notes.push(note);
    return this.onNote?.(note);
  }
}

/** What comes of these parts: the notes, and the code of the failure if there was one. */
export function outcome(
  role: Role,
  parts: Iterable<Uint8Array>,
  options: EndpointOptions = {},
): readonly [notes: readonly MessageNote[], failure: Failure | undefined] {
  const endpoint = new Endpoint(role, options).pushAll(parts);
  return [endpoint.notes, endpoint.reader.failure];
}
