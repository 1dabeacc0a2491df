/**
 * Writes frames into a buffer that the caller owns (RFC 6455 §5.2), without an object or a copy of its own.
 *
 * Pure: no I/O. The room that a frame needs is asked for first, then the frame is written in one go.
 */

import { writeUtf8 } from "./buffer-text.js";
import { applyMask } from "./mask.js";

/** The first byte of a frame: its flags and its opcode. */
export function firstByte(opcode: number, fin: boolean, compressed: boolean): number {
  return (fin ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode;
}

/** The longest payload of a frame with the shortest header, in bytes (RFC 6455 §5.2). */
const SHORT = 125;

/** Up to this many units, it is cheaper to ask for room for the worst case than to count the bytes. */
const UNCOUNTED_TEXT = 1_024;

/** How many bytes of a buffer {@link writeTextFrame} may need for this text, header and mask included. */
export function textFrameRoom(text: string): number {
  return (text.length <= UNCOUNTED_TEXT ? 3 * text.length : Buffer.byteLength(text)) + 14;
}

/**
 * Writes a frame with text as its payload.
 *
 * @param maskKey - the key to mask with (clients do, RFC 6455 §5.3), as {@link applyMask} takes it
 * @returns the offset behind the frame
 */
export function writeTextFrame(
  target: Buffer,
  at: number,
  first: number,
  text: string,
  maskKey?: number,
): number {
  if (text.length > SHORT) return writeLongText(target, at, first, text, maskKey);
  // It is not worth counting the bytes first: most likely they fit the shortest header.
  const guess = at + (maskKey === undefined ? 2 : 6);
  const size = writeUtf8.call(target, text, guess);
  if (size > SHORT) target.copyWithin(guess + 2, guess, guess + size);
  const start = writeHeader(target, at, first, size, maskKey);
  return finish(target, start, size, maskKey);
}

function writeLongText(target: Buffer, at: number, first: number, text: string, maskKey?: number): number {
  const size = Buffer.byteLength(text);
  const start = writeHeader(target, at, first, size, maskKey);
  // As many bytes as units: it is ASCII, for which latin1 is the faster way.
  target.write(text, start, size, size === text.length ? "latin1" : "utf8");
  return finish(target, start, size, maskKey);
}

/** How many bytes of a buffer a frame with so many bytes of payload needs. */
export function bytesFrameRoom(size: number): number {
  return size + 14;
}

/** Writes a frame with bytes as its payload; they are copied. @returns the offset behind the frame */
export function writeBytesFrame(
  target: Buffer,
  at: number,
  first: number,
  payload: Uint8Array,
  maskKey?: number,
): number {
  const start = writeHeader(target, at, first, payload.length, maskKey);
  target.set(payload, start);
  return finish(target, start, payload.length, maskKey);
}

function finish(target: Buffer, start: number, size: number, maskKey: number | undefined): number {
  if (maskKey !== undefined) applyMask(target, start, start + size, maskKey);
  return start + size;
}

/** @returns the offset behind the header, where the payload begins */
function writeHeader(
  target: Buffer,
  at: number,
  first: number,
  size: number,
  maskKey: number | undefined,
): number {
  const mask = maskKey === undefined ? 0 : 0x80;
  target[at++] = first;
  if (size <= SHORT) {
    target[at++] = mask | size;
  } else if (size < 65_536) {
    target[at++] = mask | 126;
    at = target.writeUInt16BE(size, at);
  } else {
    target[at++] = mask | 127;
    at = target.writeUInt32BE(Math.floor(size / 2 ** 32), at);
    at = target.writeUInt32BE(size >>> 0, at);
  }
  return maskKey === undefined ? at : target.writeInt32LE(maskKey | 0, at);
}

/** One frame in a buffer of its own, for those who send few, or the same to many. */
export function encodeFrame(first: number, payload: string | Uint8Array, maskKey?: number): Buffer {
  if (typeof payload === "string") {
    const target = Buffer.allocUnsafe(textFrameRoom(payload));
    return target.subarray(0, writeTextFrame(target, 0, first, payload, maskKey));
  }
  const target = Buffer.allocUnsafe(bytesFrameRoom(payload.length));
  return target.subarray(0, writeBytesFrame(target, 0, first, payload, maskKey));
}
