/**
 * The masking of payloads (RFC 6455 §5.3): an XOR with a repeating key of four bytes, the same for both directions.
 *
 * A key is carried as an integer whose lowest byte is the key's first byte.
 */

/** From this many bytes on, whole words pay for the alignment that they need. */
const WORDS_FROM = 64;

const NON_ASCII_WORD = 0x80808080 | 0;

const keyBytes = new Uint8Array(4);
const keyWord = new Int32Array(keyBytes.buffer);

/** The key for a payload that goes on after `count` bytes of it were masked. */
export function rotateKey(key: number, count: number): number {
  const bits = (count & 3) << 3;
  return (key >>> bits) | (key << (32 - bits));
}

/**
 * Masks or unmasks `bytes` from `start` to `end` in place.
 *
 * @returns whether every resulting byte is ASCII, which is known here at no cost
 */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: number): boolean {
  if (end - start < WORDS_FROM) return maskBytes(bytes, start, end, key) < 0x80;
  const aligned = start + (-(bytes.byteOffset + start) & 3);
  const words = (end - aligned) >> 2;
  const tail = aligned + (words << 2);
  let seen = maskBytes(bytes, start, aligned, key);
  const rotated = rotateKey(key, aligned - start);
  const seenWords = maskWords(new Int32Array(bytes.buffer, bytes.byteOffset + aligned, words), rotated);
  seen |= maskBytes(bytes, tail, end, rotated);
  return seen < 0x80 && (seenWords & NON_ASCII_WORD) === 0;
}

/** @returns all resulting bytes, or-ed */
function maskBytes(bytes: Uint8Array, start: number, end: number, key: number): number {
  const first = key & 0xff;
  const second = (key >>> 8) & 0xff;
  const third = (key >>> 16) & 0xff;
  const fourth = key >>> 24;
  const lastOfFour = end - 3;
  let seen = 0;
  let at = start;
  for (; at < lastOfFour; at += 4) {
    const a = (bytes[at] as number) ^ first;
    const b = (bytes[at + 1] as number) ^ second;
    const c = (bytes[at + 2] as number) ^ third;
    const d = (bytes[at + 3] as number) ^ fourth;
    bytes[at] = a;
    bytes[at + 1] = b;
    bytes[at + 2] = c;
    bytes[at + 3] = d;
    seen |= a | b | c | d;
  }
  for (; at < end; at++) {
    const byte = (bytes[at] as number) ^ (key & 0xff);
    bytes[at] = byte;
    seen |= byte;
    key >>>= 8;
  }
  return seen;
}

/** @returns all resulting words, or-ed */
function maskWords(words: Int32Array, key: number): number {
  // The key as the word that these bytes are on this machine, whatever its byte order.
  keyBytes[0] = key;
  keyBytes[1] = key >>> 8;
  keyBytes[2] = key >>> 16;
  keyBytes[3] = key >>> 24;
  const word = keyWord[0] as number;
  const length = words.length;
  const unrolled = length & ~3;
  let seen = 0;
  let at = 0;
  while (at < unrolled) {
    const a = (words[at] as number) ^ word;
    const b = (words[at + 1] as number) ^ word;
    const c = (words[at + 2] as number) ^ word;
    const d = (words[at + 3] as number) ^ word;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
    seen |= a | b | c | d;
    at += 4;
  }
  for (; at < length; at++) {
    const a = (words[at] as number) ^ word;
    words[at] = a;
    seen |= a;
  }
  return seen;
}
