/**
 * zlib contexts that all connections of the process use, one after the other. We take no context over between messages
 * (RFC 7692 §7.1.1), so it need only be reset, which costs a fraction of making one, as Node's synchronous functions do for
 * each call. Where a peer takes its context over, what it may refer to is inflated before its message.
 *
 * What stands below these functions is undocumented: where it is otherwise than expected, there is no such context.
 */

import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from "node:zlib";

interface Handle {
  onerror: () => void;
  reset(): void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
}

interface Internals {
  readonly _handle?: Handle | null;
  /** Room that is left in the output, and input that is left, after each write. */
  readonly _writeState?: Uint32Array;
}

/** What came of a message: `"full"` if it doesn't fit, `"failed"` if it is no message. */
export type Outcome = "done" | "full" | "failed";

/** The most bytes that come out at a time. */
export const SHARED_OUTPUT_SIZE = 65_536;

/** Begins a block of deflate that isn't compressed: its length and the complement of that follow (RFC 1951 §3.2.4). */
const storedBlock = Buffer.alloc(5);

/** One for all contexts: what is in it holds until the next message. One byte more, to see whether there is too much. */
const output = Buffer.allocUnsafeSlow(SHARED_OUTPUT_SIZE + 1);

export class SharedContext {
  /** Owns the handle. */
  readonly #stream: DeflateRaw | InflateRaw;
  readonly #handle: Handle;
  readonly #state: Uint32Array;
  #hasFailed = false;
  #used = 0;
  #room = 0;

  private constructor(stream: DeflateRaw | InflateRaw, handle: Handle, state: Uint32Array) {
    this.#stream = stream;
    this.#handle = handle;
    this.#state = state;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no event target
    handle.onerror = () => {
      this.#hasFailed = true;
    };
  }

  /** @returns `undefined` where Node's insides are otherwise than expected */
  static around(stream: DeflateRaw | InflateRaw): SharedContext | undefined {
    const { _handle: handle, _writeState: state } = stream as Internals;
    const isKnown = typeof handle?.writeSync === "function" && typeof handle.reset === "function";
    if (!isKnown || !(state instanceof Uint32Array) || state.length !== 2) return undefined;
    return new SharedContext(stream, handle, state);
  }

  /** Begins a message. @param limit - the most bytes that may come out, up to {@link SHARED_OUTPUT_SIZE} */
  begin(limit: number): void {
    this.#handle.reset();
    this.#hasFailed = false;
    this.#used = 0;
    this.#room = Math.min(limit, SHARED_OUTPUT_SIZE) + 1;
  }

  /**
   * Begins a message that may refer to what stands before it, which inflates to itself and is passed over. A dictionary
   * could be given to a new context only.
   *
   * @param before - at most {@link SHARED_OUTPUT_SIZE} - 1 bytes
   */
  beginAfter(before: Uint8Array, limit: number): void {
    this.begin(SHARED_OUTPUT_SIZE);
    storedBlock.writeUInt16LE(before.length, 1);
    storedBlock.writeUInt16LE(before.length ^ 0xffff, 3);
    this.push(storedBlock, constants.Z_SYNC_FLUSH);
    this.push(before, constants.Z_SYNC_FLUSH);
    this.#used = 0;
    this.#room = Math.min(limit, SHARED_OUTPUT_SIZE) + 1;
  }

  /** Works a part of the message off. */
  push(bytes: Uint8Array, flush: number): Outcome {
    this.#handle.writeSync(flush, bytes, 0, bytes.length, output, this.#used, this.#room - this.#used);
    if (this.#hasFailed) return "failed";
    const left = this.#state[0] ?? 0;
    this.#used = this.#room - left;
    return left === 0 ? "full" : "done";
  }

  /** How many bytes of the last part are left over, as the message had ended before. */
  get unread(): number {
    return this.#state[1] ?? 0;
  }

  /** What has come out. It is overwritten by the next message, of whatever context. */
  get output(): Buffer {
    return output.subarray(0, this.#used);
  }

  /** Releases its memory. */
  close(): void {
    this.#stream.close();
  }
}

/** Whether contexts do what they should, with this version of Node. */
const areUsable = canRoundTrip();

/** @param windowBits - 9 to 15 */
export function sharedDeflate(windowBits: number): SharedContext | undefined {
  return areUsable ? SharedContext.around(createDeflateRaw({ windowBits })) : undefined;
}

export function sharedInflate(): SharedContext | undefined {
  return areUsable ? SharedContext.around(createInflateRaw()) : undefined;
}

function canRoundTrip(): boolean {
  const deflate = SharedContext.around(createDeflateRaw());
  const inflate = SharedContext.around(createInflateRaw());
  /** Whether a message that may refer to `before` comes out as it was, after that and alone. */
  const comesOut = (text: string, before: string): boolean => {
    deflate?.begin(SHARED_OUTPUT_SIZE);
    if (deflate?.push(Buffer.from(before), constants.Z_SYNC_FLUSH) !== "done") return false;
    const start = deflate.output.length;
    if (deflate.push(Buffer.from(text), constants.Z_SYNC_FLUSH) !== "done") return false;
    const deflated = Buffer.from(deflate.output.subarray(start));
    if (before === "") inflate?.begin(text.length);
    else inflate?.beginAfter(Buffer.from(before), text.length);
    return inflate?.push(deflated, constants.Z_SYNC_FLUSH) === "done" && inflate.output.toString() === text;
  };
  try {
    return (
      comesOut("one message", "") &&
      comesOut("one message, and another", "one message") &&
      comesOut("and another message", "")
    );
  } catch {
    return false;
  } finally {
    deflate?.close();
    inflate?.close();
  }
}
