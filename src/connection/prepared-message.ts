/** A message for many sockets: framed once and compressed once, whatever their number. */

import { InvalidMessageError } from "../errors.js";
import { encodeFrame, firstByte } from "../protocol/frame-writer.js";
import { Opcode } from "../protocol/opcode.js";
import type { MessageBatch } from "./message-batch.js";
import type { Message } from "./message.js";

/** What may be sent as one message: text as a string, binary as bytes; or one that was prepared. */
export type Sendable = string | Uint8Array | ArrayBuffer | PreparedMessage;

/** How a message is sent. */
export interface SendOptions {
  /** Where the option `overflow` is `"latest"`: of the messages with one key, only the latest waits for a slow peer. */
  readonly key?: string | undefined;
}

/** A message on its way out. */
export type Outgoing = Message | PreparedMessage;

/** @returns `undefined` if it is nothing that may be sent */
export function outgoing(data: unknown): Outgoing | undefined {
  if (typeof data === "string" || data instanceof Uint8Array || data instanceof PreparedMessage) return data;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
}

/**
 * A message that is framed once and, where sockets compress, compressed once, however often it is sent:
 *
 *     const welcome = new PreparedMessage(largeText);
 *     sockets.route("/news", (ws) => ws.send(welcome));
 *
 * Rooms, routes and `broadcast` prepare what they send by themselves.
 */
export class PreparedMessage {
  /** Text as a string; binary as bytes, a copy of what was given. */
  readonly message: Message;
  /** The frames that were sent to the same sockets in the same turn, until that is over. @internal */
  batch: MessageBatch | undefined;
  /** The place of its frame there. @internal */
  readonly index: number;
  #frame: Buffer | undefined;
  /** By the bits of the window. */
  #compressed: Map<number, Buffer | Promise<Buffer>> | undefined;

  /**
   * @param batch - given by Jackfield only
   * @throws {InvalidMessageError} if it is neither text nor bytes
   */
  constructor(data: string | Uint8Array | ArrayBuffer, batch?: MessageBatch) {
    this.message = copyOf(data);
    this.batch = batch;
    this.index = batch?.add(this.frame) ?? 0;
  }

  /** In bytes, or for text in units of UTF-16. */
  get length(): number {
    return this.message.length;
  }

  /** The opcode of its frame. @internal */
  get opcode(): Opcode {
    return typeof this.message === "string" ? Opcode.text : Opcode.binary;
  }

  /** The whole frame, uncompressed (RFC 6455 §5.2). @internal */
  get frame(): Buffer {
    this.#frame ??= encodeFrame(firstByte(this.opcode, true, false), this.message);
    return this.#frame;
  }

  /** What the first one to ask makes of it for a window of so many bits, for all of them. @internal */
  compressed(windowBits: number, compress: () => Buffer | Promise<Buffer>): Buffer | Promise<Buffer> {
    this.#compressed ??= new Map();
    const known = this.#compressed.get(windowBits);
    if (known !== undefined) return known;
    const frame = compress();
    this.#compressed.set(windowBits, frame);
    return frame;
  }
}

function copyOf(data: unknown): Message {
  const message = outgoing(data);
  if (typeof message === "string") return message;
  if (message instanceof Uint8Array) return new Uint8Array(message);
  throw new InvalidMessageError(data);
}
