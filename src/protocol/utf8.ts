/**
 * Checks text that comes in pieces to be UTF-8 (RFC 6455 §8.1, RFC 3629).
 * Pure: no I/O, no clock, no promise.
 */

import { isUtf8 } from "node:buffer";

/** Below this many bytes a loop is faster than a view and a call into native code. */
const SHORT = 48;

/** The value of `#needed` once the text is known to be invalid. */
const INVALID = -1;

/**
 * Tells whether a text is UTF-8, while its bytes arrive. A code point may be split anywhere. The verdict comes with
 * the piece that holds the first byte which no continuation can make valid: `ed a0` is refused at `a0`.
 *
 * One validator serves many texts, one after the other: call `finish` and then `reset` at the end of each.
 */
export class Utf8Validator {
  /** How many bytes the code point that was begun still lacks: 0 to 3, or INVALID. */
  #needed = 0;
  /** The bounds of the next byte, where one is needed. They are narrower than 80–BF only after a first byte. */
  #lower = 0x80;
  #upper = 0xbf;

  /**
   * Takes the next bytes of the text. None of them are kept.
   *
   * @param bytes - holds the bytes
   * @param start - the index of the first byte; 0 by default
   * @param end - the index after the last byte; the length of `bytes` by default
   * @returns false as soon as the text cannot be UTF-8 any more, whatever follows, and from then on until `reset`
   */
  push(bytes: Uint8Array, start: number = 0, end: number = bytes.length): boolean {
    if (end - start < SHORT) return this.#step(bytes, start, end);
    // At most 3 bytes complete what was begun; the piece is longer than that.
    const first = start + Math.max(this.#needed, 0);
    if (!this.#step(bytes, start, first)) return false;
    const tail = startOfIncompleteTail(bytes, first, end);
    const whole = first === 0 && tail === bytes.length ? bytes : bytes.subarray(first, tail);
    if (!isUtf8(whole)) {
      this.#needed = INVALID;
      return false;
    }
    return this.#step(bytes, tail, end);
  }

  /** Whether the text may end here: false if a code point is cut short or the text was invalid before. */
  finish(): boolean {
    return this.#needed === 0;
  }

  /** Forgets the text, ready for the next one. */
  reset(): void {
    this.#needed = 0;
    this.#lower = 0x80;
    this.#upper = 0xbf;
  }

  /** Whether the bytes so far end in the middle of a code point. */
  get pending(): boolean {
    return this.#needed > 0;
  }

  /** The same as `push`, byte by byte. */
  #step(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#needed === INVALID) return false;
    for (let index = start; index < end; index++) {
      const byte = bytes[index] as number;
      if (this.#needed === 0) {
        if (byte < 0x80) continue;
        this.#begin(byte);
      } else if (byte >= this.#lower && byte <= this.#upper) {
        this.#needed--;
        this.#lower = 0x80;
        this.#upper = 0xbf;
      } else {
        this.#needed = INVALID;
      }
      if (this.#needed === INVALID) return false;
    }
    return true;
  }

  /** Begins a code point of several bytes (the table of RFC 3629 §4). */
  #begin(byte: number): void {
    this.#needed = lengthOf(byte) - 1;
    if (byte === 0xe0) this.#lower = 0xa0; // below: overlong
    if (byte === 0xed) this.#upper = 0x9f; // above: surrogates
    if (byte === 0xf0) this.#lower = 0x90; // below: overlong
    if (byte === 0xf4) this.#upper = 0x8f; // above: beyond 10FFFF
  }
}

/** How many bytes the code point has that this byte, 80 or above, begins; 0 where none may begin with it. */
function lengthOf(byte: number): number {
  if (byte < 0xc2) return 0; // a continuation, or an overlong form of two bytes
  if (byte < 0xe0) return 2;
  if (byte < 0xf0) return 3;
  return byte < 0xf5 ? 4 : 0;
}

/** The index at which the last code point begins, if bytes of it are missing; else `end`. At most 3 bytes are read. */
function startOfIncompleteTail(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.max(start, end - 3);
  for (let index = end - 1; index >= limit; index--) {
    const byte = bytes[index] as number;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return lengthOf(byte) > end - index ? index : end;
  }
  return end;
}
