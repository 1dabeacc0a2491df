/**
 * Prepared frames (RFC 6455 §5.2). They are made once, before anything is measured.
 */

const FIN_AND_TEXT = 0x81;
const MASKED = 0x80;
const LENGTH_IN_16_BITS = 126;
/** Any key will do, as long as unmasking is work: a key of zeros could be skipped. */
const MASKING_KEY = Buffer.of(0x37, 0xfa, 0x21, 0x3d);

/** ASCII text of `size` bytes; valid UTF-8 that a server must check as any other. @param start - how it begins */
export function textOf(size: number, start = ""): Buffer {
  const text = start + "The quick brown fox jumps over the lazy dog. ".repeat(Math.ceil(size / 45));
  return Buffer.from(text).subarray(0, size);
}

/** The frame as a server sends it. */
export function serverFrame(payload: Buffer): Buffer {
  return Buffer.concat([header(payload.length, 0), payload]);
}

/** The frame as a client sends it. */
export function clientFrame(payload: Buffer): Buffer {
  const masked = payload.map((byte, index) => byte ^ MASKING_KEY.readUInt8(index % 4));
  return Buffer.concat([header(payload.length, MASKED), MASKING_KEY, masked]);
}

/** `count` frames in one buffer, so that they can leave in one write. */
export function repeated(frame: Buffer, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => frame));
}

function header(length: number, mask: number): Buffer {
  if (length < LENGTH_IN_16_BITS) return Buffer.of(FIN_AND_TEXT, mask | length);
  if (length > 0xffff) throw new RangeError(`a prepared frame holds at most 65535 bytes, not ${length}`);
  return Buffer.of(FIN_AND_TEXT, mask | LENGTH_IN_16_BITS, length >> 8, length & 0xff);
}
