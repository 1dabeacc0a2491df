/**
 * Prepared frames (RFC 6455 §5.2). They are made once, before anything is measured.
 */

import { deflateRawSync, inflateRawSync, constants } from "node:zlib";

const FIN_AND_TEXT = 0x81;
/** RSV1: the message is compressed (RFC 7692 §6). */
const COMPRESSED = 0x40;
const MASKED = 0x80;
const LENGTH_BITS = 0x7f;
const LENGTH_IN_16_BITS = 126;
/** Any key will do, as long as unmasking is work: a key of zeros could be skipped. */
const MASKING_KEY = Buffer.of(0x37, 0xfa, 0x21, 0x3d);
/** What is left out behind a compressed message (RFC 7692 §7.2.1). */
const DEFLATE_TAIL = Buffer.of(0x00, 0x00, 0xff, 0xff);

/** A frame that came from a server. */
export interface ServerFrame {
  /** As it came, header and all. */
  readonly bytes: Buffer;
  readonly payload: Buffer;
  readonly isCompressed: boolean;
}

/** ASCII text of `size` bytes; valid UTF-8 that a server must check as any other. @param start - how it begins */
export function textOf(size: number, start = ""): Buffer {
  const text = start + "The quick brown fox jumps over the lazy dog. ".repeat(Math.ceil(size / 45));
  return Buffer.from(text).subarray(0, size);
}

/** The frame as a server sends it. */
export function serverFrame(payload: Buffer): Buffer {
  return Buffer.concat([header(FIN_AND_TEXT, payload.length, 0), payload]);
}

/** The frame as a client sends it. */
export function clientFrame(payload: Buffer): Buffer {
  return maskedFrame(FIN_AND_TEXT, payload);
}

/** The same of a compressed message, with no context taken over from others. */
export function compressedClientFrame(payload: Buffer): Buffer {
  const deflated = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  return maskedFrame(FIN_AND_TEXT | COMPRESSED, deflated.subarray(0, -DEFLATE_TAIL.length));
}

/** @returns the message of a compressed frame */
export function inflated({ payload }: ServerFrame): Buffer {
  return inflateRawSync(Buffer.concat([payload, DEFLATE_TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}

/** `count` frames in one buffer, so that they can leave in one write. */
export function repeated(frame: Buffer, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => frame));
}

/** @returns the frame with which the bytes begin, or `undefined` as long as it has not come as a whole */
export function firstFrame(bytes: Buffer): ServerFrame | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & LENGTH_BITS;
  if (short > LENGTH_IN_16_BITS)
    throw new RangeError("expected a frame of at most 65535 bytes from the server");
  const start = short === LENGTH_IN_16_BITS ? 4 : 2;
  if (bytes.length < start) return undefined;
  const end = start + (start === 4 ? bytes.readUInt16BE(2) : short);
  if (bytes.length < end) return undefined;
  const isCompressed = (bytes.readUInt8(0) & COMPRESSED) !== 0;
  return { bytes: bytes.subarray(0, end), payload: bytes.subarray(start, end), isCompressed };
}

function maskedFrame(first: number, payload: Buffer): Buffer {
  const masked = payload.map((byte, index) => byte ^ MASKING_KEY.readUInt8(index % 4));
  return Buffer.concat([header(first, payload.length, MASKED), MASKING_KEY, masked]);
}

function header(first: number, length: number, mask: number): Buffer {
  if (length < LENGTH_IN_16_BITS) return Buffer.of(first, mask | length);
  if (length > 0xffff) throw new RangeError(`a prepared frame holds at most 65535 bytes, not ${length}`);
  return Buffer.of(first, mask | LENGTH_IN_16_BITS, length >> 8, length & 0xff);
}
