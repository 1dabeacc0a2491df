/**
 * Reads frames out of a byte stream (RFC 6455 §5.2).
 *
 * Pure: no I/O, no clock, no promise. Bytes are read straight out of the chunks that they came in; nothing of a chunk
 * is kept, and no object is made per frame. What is wrong is refused at the first byte that proves it.
 */

import { CloseCode, failure, type Failure } from "./close-code.js";
import { applyMask, rotateKey } from "./mask.js";
import { isControl, isOpcode, Opcode, type Role } from "./opcode.js";

/** What takes the frames that a reader finds. A returned failure ends the reading. */
export interface FrameSink {
  /** A frame begins: its whole header was read, its payload of `length` bytes follows. */
  begin(opcode: Opcode, fin: boolean, compressed: boolean, length: number): Failure | undefined;
  /**
   * Some of the payload, unmasked; at least once per frame, with `last` at its end.
   * The bytes are valid during the call only.
   *
   * @param ascii - whether all these bytes are known to be ASCII
   */
  payload(chunk: Buffer, start: number, end: number, ascii: boolean, last: boolean): Failure | undefined;
}

export interface FrameReaderOptions {
  readonly role: Role;
  /** Whether permessage-deflate was negotiated, so that RSV1 may be set (RFC 7692 §6). */
  readonly compression?: boolean;
}

/** From this value on, the length stands in the 2 or 8 bytes that follow (RFC 6455 §5.2). */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** The bits of a frame's first two bytes that say that it is the last of its message, and masked. */
const FIN = 0x80;
const MASKED = 0x80;

/** Of a frame with a mask and a length of 7 bits, in bytes. */
const SHORT_HEADER = 6;

type Stage = "first" | "second" | "length" | "mask" | "payload" | "done";

export class FrameReader {
  readonly #sink: FrameSink;
  readonly #masked: boolean;
  #compression: boolean;
  #stage: Stage = "first";
  #failure: Failure | undefined;
  #paused = false;
  /** Whether a message was begun whose last fragment has not come yet. */
  #fragmented = false;

  // The frame being read.
  #opcode: Opcode = Opcode.continuation;
  #fin = false;
  #compressed = false;
  #length = 0;
  #shortest = 0;
  #key = 0;
  /** Bytes still to come of the field or payload being read. */
  #missing = 0;

  constructor(sink: FrameSink, options: FrameReaderOptions) {
    this.#sink = sink;
    this.#masked = options.role === "server";
    this.#compression = options.compression ?? false;
  }

  /** Why the reading has ended, if it ended because of what came. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Whether the last message is complete and nothing of the next one has come. */
  get isBetweenMessages(): boolean {
    return this.#stage === "first" && !this.#fragmented;
  }

  /** Whether RSV1 may be set from now on. To be called between messages. */
  allowCompression(isAllowed: boolean): void {
    this.#compression = isAllowed;
  }

  /** Whether nothing more is read: after a failure, or after `stop`. */
  get done(): boolean {
    return this.#stage === "done";
  }

  /**
   * Reads all frames and parts of frames in `chunk` from `start` to `end`, unmasking them in place.
   *
   * @returns where it stopped: `end`, or an earlier offset if the sink paused the reader meanwhile; the rest is to be
   * pushed again later. After the end of the reading everything is passed over (RFC 6455 §5.5.1).
   */
  push(chunk: Buffer, start = 0, end: number = chunk.length): number {
    let at = start;
    this.#paused = false;
    while (at < end && !this.#paused && !this.done) {
      const behind = this.#readShortMessage(chunk, at, end);
      if (behind > at) {
        at = behind;
        continue;
      }
      if (!this.#isInPayload) at = this.#readHeader(chunk, at, end);
      // Now and not in the next round, because a payload of no bytes needs no further ones.
      if (this.#isInPayload) at = this.#readPayload(chunk, at, end);
    }
    return this.done ? end : at;
  }

  /**
   * Reads a message of a client that is short and here as a whole, as nearly all are, at once: none of the stages is worth it.
   *
   * @returns the offset behind it, or `start` if it is none
   */
  #readShortMessage(chunk: Buffer, start: number, end: number): number {
    if (this.#stage !== "first" || this.#fragmented || !this.#masked) return start;
    const opcode = (chunk[start] as number) ^ FIN;
    const length = (chunk[start + 1] as number) ^ MASKED;
    const from = start + SHORT_HEADER;
    const stop = from + length;
    if ((opcode !== Opcode.text && opcode !== Opcode.binary) || length >= LENGTH_16 || stop > end)
      return start;
    const refusal = this.#sink.begin(opcode, true, false, length);
    if (refusal !== undefined) this.#fail(refusal);
    if (this.done) return stop; // for that, or because the sink has stopped the reading
    const key =
      (chunk[start + 2] as number) |
      ((chunk[start + 3] as number) << 8) |
      ((chunk[start + 4] as number) << 16) |
      ((chunk[start + 5] as number) << 24);
    const ascii = applyMask(chunk, from, stop, key);
    const problem = this.#sink.payload(chunk, from, stop, ascii, true);
    if (problem !== undefined) this.#fail(problem);
    return stop;
  }

  get #isInPayload(): boolean {
    return this.#stage === "payload";
  }

  /** Makes the `push` under way return after the current frame. To be called by the sink. */
  pause(): void {
    this.#paused = true;
  }

  /** Ends the reading: all that is pushed from now on is ignored. */
  stop(): void {
    this.#stage = "done";
  }

  /** Reads as much of a header as there is, and goes to the stage that comes next. */
  #readHeader(chunk: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#stage === "first") {
      this.#readFirstByte(chunk[at++] as number);
      if (at === end) return at;
    }
    if (this.#stage === "second") {
      this.#readSecondByte(chunk[at++] as number);
      if (at === end) return at;
    }
    if (this.#stage === "length") {
      at = this.#readLength(chunk, at, end);
      if (at === end) return at;
    }
    return this.#stage === "mask" ? this.#readMask(chunk, at, end) : at;
  }

  #readFirstByte(byte: number): void {
    const opcode = byte & 0x0f;
    const reserved = byte & 0x70;
    this.#fin = byte >= 0x80;
    this.#compressed = reserved === 0x40;
    const problem =
      reserved !== 0 && !(this.#compressed && this.#compression)
        ? "reserved bits are set without an extension that uses them"
        : this.#problemOfOpcode(opcode);
    if (problem !== undefined) return this.#fail(failure(CloseCode.protocolError, problem));
    this.#opcode = opcode as Opcode;
    this.#stage = "second";
  }

  #problemOfOpcode(opcode: number): string | undefined {
    if (!isOpcode(opcode)) return `opcode ${opcode} is reserved`;
    if (isControl(opcode)) {
      if (!this.#fin) return "a control frame is fragmented"; // RFC 6455 §5.5
      return this.#compressed ? "a control frame is compressed" : undefined; // RFC 7692 §6.1
    }
    if (opcode !== Opcode.continuation) {
      return this.#fragmented ? "a new message began inside of a fragmented one" : undefined; // §5.4
    }
    if (!this.#fragmented) return "a continuation frame has nothing to continue";
    return this.#compressed ? "RSV1 is set on a continuation frame" : undefined; // RFC 7692 §6.1
  }

  #readSecondByte(byte: number): void {
    const length = byte & 0x7f;
    if (byte >= 0x80 !== this.#masked) {
      const problem = this.#masked ? "a client's frame is not masked" : "a server's frame is masked";
      return this.#fail(failure(CloseCode.protocolError, problem)); // §5.1
    }
    if (length > 125 && isControl(this.#opcode)) {
      return this.#fail(failure(CloseCode.protocolError, "a control frame is longer than 125 bytes")); // §5.5
    }
    this.#length = 0;
    if (length < LENGTH_16) {
      this.#length = length;
      this.#beginFrame();
      return;
    }
    this.#missing = length === LENGTH_64 ? 8 : 2;
    this.#shortest = length === LENGTH_64 ? 65_536 : 126;
    this.#stage = "length";
  }

  #readLength(chunk: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const byte = chunk[at++] as number;
      if (this.#missing === 8 && byte >= 0x80) {
        this.#fail(failure(CloseCode.protocolError, "the top bit of a 64-bit length is set")); // §5.2
        return at;
      }
      // A length beyond 2^53 loses its lowest bits here, but not that it is far too long.
      this.#length = this.#length * 256 + byte;
      if (--this.#missing > 0) continue;
      if (this.#length < this.#shortest) {
        this.#fail(failure(CloseCode.protocolError, "a length is not in its shortest form")); // §5.2
        return at;
      }
      this.#beginFrame();
      return at;
    }
    return at;
  }

  /** The length is known: the frame is announced, so that it can be refused before any of its payload comes. */
  #beginFrame(): void {
    if (!isControl(this.#opcode)) this.#fragmented = !this.#fin;
    this.#key = 0;
    this.#missing = this.#masked ? 4 : this.#length;
    this.#stage = this.#masked ? "mask" : "payload";
    // Last, so that the sink may stop the reading.
    const refusal = this.#sink.begin(this.#opcode, this.#fin, this.#compressed, this.#length);
    if (refusal !== undefined) this.#fail(refusal);
  }

  #readMask(chunk: Buffer, start: number, end: number): number {
    let at = start;
    let key = this.#key;
    let missing = this.#missing;
    while (missing > 0 && at < end) {
      key |= (chunk[at++] as number) << ((4 - missing) << 3);
      missing--;
    }
    this.#key = key;
    this.#missing = missing;
    if (missing === 0) {
      this.#missing = this.#length;
      this.#stage = "payload";
    }
    return at;
  }

  #readPayload(chunk: Buffer, start: number, end: number): number {
    const missing = this.#missing;
    const last = end - start >= missing;
    const stop = last ? start + missing : end;
    const ascii = this.#masked && applyMask(chunk, start, stop, this.#key);
    if (last) {
      this.#stage = "first";
    } else {
      this.#missing = missing - (stop - start);
      this.#key = rotateKey(this.#key, stop - start);
    }
    const refusal = this.#sink.payload(chunk, start, stop, ascii, last);
    if (refusal !== undefined) this.#fail(refusal);
    return stop;
  }

  #fail(cause: Failure): void {
    this.#failure = cause;
    this.#stage = "done";
  }
}
