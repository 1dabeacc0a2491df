/**
 * Joins frames to messages (RFC 6455 §5.4), checks their text (§8.1) and keeps their limits.
 *
 * Pure: no I/O, no clock, no promise. A message that came whole in one chunk is made straight out of it; only one
 * that came in pieces gets a buffer, which grows with the bytes that really came; what was announced counts for 64 KiB
 * at most.
 */

import { isUtf8 } from "node:buffer";
import { sliceLatin1 } from "./buffer-text.js";
import { CloseCode, decodeClosePayload, failure, isFailure, type Failure } from "./close-code.js";
import type { FrameSink } from "./frame-reader.js";
import { isControl, Opcode } from "./opcode.js";
import { Utf8Validator } from "./utf8.js";

/** What takes the messages. A returned failure ends the reading. */
export interface MessageSink {
  /** A whole message: text as a string, binary as bytes of its own. */
  message(data: string | Buffer): void;
  /**
   * A whole message as its sender compressed it (RFC 7692 §6.1), to be inflated.
   * The bytes are valid during the call only.
   */
  compressedMessage(payload: Buffer, isText: boolean): Failure | undefined;
  /** A ping, to be answered with the same payload (RFC 6455 §5.5.2). The bytes are valid during the call only. */
  ping(payload: Buffer): void;
  pong(payload: Buffer): void;
  /** The peer's close frame; 1005 if it carried no code (RFC 6455 §7.1.5). No message comes after it. */
  close(code: number, reason: string): void;
}

export interface MessageAssemblerOptions {
  /** The most bytes that a message may have; a compressed one may need a little more before it is inflated. */
  readonly maxMessageSize: number;
  /** The most frames without a byte of payload that a message may have. @default 1024 */
  readonly maxEmptyFragments?: number;
}

/** The most that is set aside for a payload on the word of a header alone. */
const TRUSTED_LENGTH = 65_536;

const EMPTY: Buffer = Buffer.alloc(0);

export class MessageAssembler implements FrameSink {
  #sink: MessageSink;
  #maxMessageSize: number;
  readonly #maxEmptyFragments: number;
  /** Made when text first comes in pieces that are not ASCII. */
  #utf8: Utf8Validator | undefined;

  // The message being joined.
  #isText = false;
  #compressed = false;
  #unfinished = false;
  #buffer = EMPTY;
  #size = 0;
  #ascii = true;
  #emptyFragments = 0;
  #progress = 0;

  // The frame being read.
  #opcode: Opcode = Opcode.continuation;
  #fin = false;
  #frameRest = 0;
  #control = EMPTY;
  #controlSize = 0;

  constructor(sink: MessageSink, options: MessageAssemblerOptions) {
    this.#sink = sink;
    this.#maxMessageSize = options.maxMessageSize;
    this.#maxEmptyFragments = options.maxEmptyFragments ?? 1024;
  }

  /** Gives what comes from now on to another sink. To be called between messages. */
  serve(sink: MessageSink, maxMessageSize: number): void {
    this.#sink = sink;
    this.#maxMessageSize = maxMessageSize;
  }

  /**
   * A number that changes whenever something of a message comes, or `undefined` between messages; so that one who
   * knows the time can tell a message that no longer gets on.
   */
  get progress(): number | undefined {
    return this.#unfinished ? this.#progress : undefined;
  }

  /** What cannot be compressed grows by the headers of its blocks (RFC 1951 §3.2.4). */
  get #limit(): number {
    return this.#compressed ? this.#maxMessageSize + (this.#maxMessageSize >>> 6) + 64 : this.#maxMessageSize;
  }

  begin(opcode: Opcode, fin: boolean, compressed: boolean, length: number): Failure | undefined {
    this.#opcode = opcode;
    if (isControl(opcode)) return undefined;
    this.#fin = fin;
    this.#frameRest = length;
    this.#progress++;
    if (opcode !== Opcode.continuation) {
      this.#isText = opcode === Opcode.text;
      this.#compressed = compressed;
      this.#unfinished = true;
    }
    if (this.#size + length > this.#limit) {
      return failure(CloseCode.messageTooBig, `a message is longer than ${this.#maxMessageSize} bytes`);
    }
    if (length === 0 && !fin && ++this.#emptyFragments > this.#maxEmptyFragments) {
      return failure(
        CloseCode.policyViolation,
        `a message has over ${this.#maxEmptyFragments} empty fragments`,
      );
    }
    return undefined;
  }

  payload(chunk: Buffer, start: number, end: number, ascii: boolean, last: boolean): Failure | undefined {
    if (isControl(this.#opcode)) return this.#controlPayload(chunk, start, end, last);
    const complete = last && this.#fin;
    if (complete && this.#size === 0) return this.#deliver(chunk, start, end, ascii);
    const problem = this.#append(chunk, start, end, ascii);
    if (problem !== undefined) return problem;
    return complete ? this.#deliver(this.#buffer, 0, this.#size, this.#ascii) : undefined;
  }

  /** Makes the message of bytes that are still to be checked, unless they came in pieces. */
  #deliver(bytes: Buffer, start: number, end: number, ascii: boolean): Failure | undefined {
    const joined = this.#size > 0;
    const validated = joined && this.#utf8?.pending !== true;
    this.#reset();
    if (this.#compressed) return this.#sink.compressedMessage(bytes.subarray(start, end), this.#isText);
    if (!this.#isText) {
      this.#sink.message(joined ? bytes.subarray(start, end) : Buffer.from(bytes.subarray(start, end)));
    } else if (ascii) {
      this.#sink.message(sliceLatin1.call(bytes, start, end));
    } else if (validated || isUtf8(bytes.subarray(start, end))) {
      this.#sink.message(bytes.toString("utf8", start, end));
    } else {
      return failure(CloseCode.invalidPayload, "a text message is not valid UTF-8");
    }
    return undefined;
  }

  #append(chunk: Buffer, start: number, end: number, ascii: boolean): Failure | undefined {
    if (this.#isText && !this.#compressed && !this.#checkText(chunk, start, end, ascii)) {
      return failure(CloseCode.invalidPayload, "a text message is not valid UTF-8");
    }
    const size = this.#size + (end - start);
    if (size > this.#buffer.length) this.#grow(size);
    chunk.copy(this.#buffer, this.#size, start, end);
    this.#frameRest -= end - start;
    this.#size = size;
    this.#progress++;
    return undefined;
  }

  /** Fails at the first byte that proves text invalid, not at the end of the message (RFC 6455 §8.1). */
  #checkText(chunk: Buffer, start: number, end: number, ascii: boolean): boolean {
    if (ascii && this.#utf8?.pending !== true) return true;
    this.#ascii = false;
    this.#utf8 ??= new Utf8Validator();
    return this.#utf8.push(chunk, start, end);
  }

  /** Makes room for what came and, within what can be trusted, for what was announced. */
  #grow(needed: number): void {
    const announced = this.#size + this.#frameRest;
    const doubled = Math.max(needed, 2 * this.#buffer.length);
    const capacity = Math.min(Math.max(doubled, Math.min(announced, TRUSTED_LENGTH)), this.#limit);
    const grown = Buffer.allocUnsafeSlow(this.#fin ? Math.min(capacity, announced) : capacity);
    this.#buffer.copy(grown, 0, 0, this.#size);
    this.#buffer = grown;
  }

  #reset(): void {
    this.#unfinished = false;
    if (this.#size > 0) {
      this.#buffer = EMPTY;
      this.#size = 0;
      this.#ascii = true;
      this.#utf8?.reset();
    }
    this.#emptyFragments = 0;
  }

  #controlPayload(chunk: Buffer, start: number, end: number, last: boolean): Failure | undefined {
    if (last && this.#controlSize === 0) return this.#deliverControl(chunk.subarray(start, end));
    if (this.#control === EMPTY) this.#control = Buffer.allocUnsafeSlow(125);
    this.#controlSize += chunk.copy(this.#control, this.#controlSize, start, end);
    if (!last) return undefined;
    const payload = this.#control.subarray(0, this.#controlSize);
    this.#control = EMPTY;
    this.#controlSize = 0;
    return this.#deliverControl(payload);
  }

  #deliverControl(payload: Buffer): Failure | undefined {
    if (this.#opcode === Opcode.ping) {
      this.#sink.ping(payload);
    } else if (this.#opcode === Opcode.pong) {
      this.#sink.pong(payload);
    } else {
      const close = decodeClosePayload(payload);
      if (isFailure(close)) return close;
      this.#sink.close(close.code, close.reason);
    }
    return undefined;
  }
}
