/**
 * permessage-deflate on one connection (RFC 7692 §7): which messages to compress, and their order while some are
 * being compressed in a thread.
 */

import { isUtf8 } from "node:buffer";
import type { PreparedMessage } from "../connection/prepared-message.js";
import type { Message } from "../connection/transport.js";
import { CloseCode, failure, type Failure } from "../protocol/close-code.js";
import { encodeFrame, firstByte } from "../protocol/frame-writer.js";
import { Opcode } from "../protocol/opcode.js";
import type { FrameOutput } from "./frame-output.js";
import { PeerContext, type Takeover } from "./peer-context.js";
import { deflateLater, deflateNow, inflate, SYNC_DEFLATE_SIZE, TOO_BIG, type Inflated } from "./zlib-jobs.js";

export interface MessageCompressionOptions {
  /** The window of what this side sends, 9 to 15. */
  readonly windowBits: number;
  /** Messages shorter than this are not compressed, in bytes. */
  readonly threshold: number;
  /** The most bytes that a message may inflate to. */
  readonly maxMessageSize: number;
  /** The window of what the peer sends, 8 to 15. */
  readonly peerWindowBits: number;
  /** Whether the peer may take its context over from message to message. */
  readonly peerTakeover: Takeover;
}

export class MessageCompression {
  readonly #windowBits: number;
  readonly #threshold: number;
  readonly #maxMessageSize: number;
  readonly #peerWindowBits: number;
  readonly #peerTakeover: Takeover;
  /** Made when the peer's first compressed message comes. */
  #peerContext: PeerContext | undefined;
  #isCompressing = false;
  /** What waits for a message that is being compressed; `undefined` if none is. */
  #waiting: (() => void)[] | undefined;
  #waitingBytes = 0;

  constructor(options: MessageCompressionOptions) {
    this.#windowBits = options.windowBits;
    this.#threshold = options.threshold;
    this.#maxMessageSize = options.maxMessageSize;
    this.#peerWindowBits = options.peerWindowBits;
    this.#peerTakeover = options.peerTakeover;
  }

  /** Bytes of messages that are not yet in the output. */
  get bufferedAmount(): number {
    return this.#waitingBytes;
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Does it now, or after the messages that are being compressed. */
  inOrder(task: () => void): void {
    if (this.#waiting === undefined) task();
    else this.#waiting.push(task);
  }

  sendText(text: string, output: FrameOutput): void {
    // A unit of UTF-16 is at least one byte.
    if (this.#waiting === undefined && text.length < this.#threshold) {
      output.writeText(firstByte(Opcode.text, true, false), text);
    } else {
      this.#send(Opcode.text, Buffer.from(text), output);
    }
  }

  sendBinary(bytes: Uint8Array, output: FrameOutput): void {
    if (this.#waiting === undefined && bytes.length < this.#threshold) {
      output.writeBytes(firstByte(Opcode.binary, true, false), bytes);
    } else {
      this.#send(Opcode.binary, Buffer.from(bytes), output);
    }
  }

  /** Compresses it only if none of the others has done so, for a window like ours. */
  sendPrepared(prepared: PreparedMessage, output: FrameOutput): void {
    if (this.#waiting === undefined) this.#writePrepared(prepared, output);
    else this.#sendLater(prepared.length, () => this.#writePrepared(prepared, output));
  }

  #writePrepared(prepared: PreparedMessage, output: FrameOutput): void {
    if (prepared.length < this.#threshold) return output.writePrepared(prepared);
    const frame = prepared.compressed(this.#windowBits, () => compressedFrame(prepared, this.#windowBits));
    if (Buffer.isBuffer(frame)) return output.writeFrame(frame);
    void this.#writeLater(prepared.length, frame, output, (frame) => output.writeFrame(frame));
  }

  /** Sends a frame as it is. */
  sendFrame(first: number, payload: Uint8Array, output: FrameOutput): void {
    if (this.#waiting === undefined) return output.writeBytes(first, payload);
    const bytes = Buffer.from(payload);
    this.#sendLater(bytes.length, () => output.writeBytes(first, bytes));
  }

  /** @param bytes - the message, nobody else's any more */
  #send(opcode: Opcode, bytes: Buffer, output: FrameOutput): void {
    if (this.#waiting === undefined) this.#compress(opcode, bytes, output);
    else this.#sendLater(bytes.length, () => this.#compress(opcode, bytes, output));
  }

  #sendLater(size: number, send: () => void): void {
    this.#waitingBytes += size;
    this.inOrder(() => {
      this.#waitingBytes -= size;
      send();
    });
  }

  #compress(opcode: Opcode, bytes: Buffer, output: FrameOutput): void {
    if (bytes.length < this.#threshold) {
      output.writeBytes(firstByte(opcode, true, false), bytes);
    } else if (bytes.length <= SYNC_DEFLATE_SIZE) {
      writeSmaller(opcode, bytes, deflateNow(bytes, this.#windowBits), output);
    } else {
      const job = deflateLater(bytes, this.#windowBits);
      void this.#writeLater(bytes.length, job, output, (deflated) =>
        writeSmaller(opcode, bytes, deflated, output),
      );
    }
  }

  /** @param job - never rejects */
  async #writeLater(
    size: number,
    job: Promise<Buffer>,
    output: FrameOutput,
    write: (compressed: Buffer) => void,
  ): Promise<void> {
    this.#waiting ??= [];
    this.#isCompressing = true;
    this.#waitingBytes += size;
    const compressed = await job;
    this.#isCompressing = false;
    this.#waitingBytes -= size;
    output.cork();
    write(compressed);
    this.#goOn();
    output.uncork(); // only now, so that a drain is no longer one of a part
  }

  /** Does what waited, until something has to wait again. */
  #goOn(): void {
    const tasks = this.#waiting ?? [];
    let next = 0;
    // What is sent meanwhile, by a hook for the drain, comes in at the end.
    while (next < tasks.length && !this.#isCompressing) tasks[next++]?.();
    this.#waiting = this.#isCompressing ? tasks.slice(next) : undefined;
  }

  /** Inflates a message (RFC 7692 §7.2.2). Its bytes need not last longer than the call. */
  inflate(payload: Buffer, isText: boolean): Message | Failure | Promise<Message | Failure> {
    this.#peerContext ??= new PeerContext(this.#peerWindowBits, this.#peerTakeover);
    const inflated = inflate(payload, this.#maxMessageSize, this.#peerContext);
    if (inflated instanceof Promise) return inflated.then((bytes) => this.#messageOf(bytes, isText));
    // Bytes that are the message itself must not be overwritten.
    return this.#messageOf(isText || typeof inflated === "string" ? inflated : Buffer.from(inflated), isText);
  }

  /** The connection is gone: nothing more is to be inflated. */
  close(): void {
    this.#peerContext?.close();
  }

  #messageOf(inflated: Inflated, isText: boolean): Message | Failure {
    if (inflated === TOO_BIG) {
      return failure(
        CloseCode.messageTooBig,
        `a message inflates to more than ${this.#maxMessageSize} bytes`,
      );
    }
    if (typeof inflated === "string")
      return failure(CloseCode.invalidPayload, "a compressed message is corrupt");
    if (!isText) return inflated;
    if (isUtf8(inflated)) return inflated.toString();
    return failure(CloseCode.invalidPayload, "a text message is not valid UTF-8");
  }
}

/** The frame of a message, compressed if that gains something: at once, or where that takes long, later. */
function compressedFrame(prepared: PreparedMessage, windowBits: number): Buffer | Promise<Buffer> {
  const { message } = prepared;
  const bytes = typeof message === "string" ? Buffer.from(message) : message;
  if (bytes.length > SYNC_DEFLATE_SIZE)
    return deflateLater(bytes, windowBits).then((deflated) => smallerFrame(prepared, bytes, deflated));
  return smallerFrame(prepared, bytes, deflateNow(bytes, windowBits));
}

function smallerFrame(prepared: PreparedMessage, bytes: Uint8Array, deflated: Buffer): Buffer {
  const isSmaller = deflated.length < bytes.length;
  return isSmaller ? encodeFrame(firstByte(prepared.opcode, true, true), deflated) : prepared.frame;
}

/** Compression that gains nothing is left out: each message may be compressed or not (RFC 7692 §6). */
function writeSmaller(opcode: Opcode, bytes: Buffer, deflated: Buffer, output: FrameOutput): void {
  const isSmaller = deflated.length < bytes.length;
  output.writeBytes(firstByte(opcode, true, isSmaller), isSmaller ? deflated : bytes);
}
