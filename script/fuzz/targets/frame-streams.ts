/** Makes and changes the bytes that a peer sends after the handshake. */
import { Random } from "../random.js";

/** How an input begins: which endpoint takes the stream, and how the stream is cut. */
export const HEAD_SIZE = 3;

export interface StreamHead {
  readonly role: "server" | "client";
  readonly compression: boolean;
  readonly maxMessageSize: number;
  readonly maxEmptyFragments: number;
  readonly pauses: boolean;
  readonly cuts: Cuts;
}

/** How large the chunks are: a byte each, a few, some more, or of all sizes. */
const CHUNKS = [1, 4, 24, 400] as const;
const LIMITS = [1_000, 0, 126, 70_000] as const;
const EMPTY_FRAGMENTS = [2, 1_024] as const;

/** Tells the sizes of the chunks, one after the other. */
class Cuts {
  readonly #random: Random;
  readonly #largest: number;

  constructor(seed: number, largest: number) {
    this.#random = new Random(seed);
    this.#largest = largest;
  }

  next(): number {
    return this.#largest === 1 ? 1 : this.#random.below(this.#largest);
  }
}

export function readHead(input: Buffer): StreamHead {
  const [flags = 0, seed = 0, more = 0] = input;
  return {
    role: (flags & 1) === 0 ? "server" : "client",
    compression: (flags & 2) !== 0,
    maxMessageSize: LIMITS[(flags >> 2) & 3] as number,
    maxEmptyFragments: EMPTY_FRAGMENTS[(flags >> 4) & 1] as number,
    pauses: (flags & 32) !== 0,
    cuts: new Cuts(seed, CHUNKS[more & 3] as number),
  };
}

interface Frame {
  readonly first: number;
  readonly payload: Uint8Array;
  /** The length to announce: a lie, where it isn't that of the payload. */
  readonly length: number;
  /** Into how many bytes the length is written. */
  readonly form: 0 | 2 | 8;
  /** Without a key, it isn't masked. */
  readonly key: number | undefined;
}

function frame(random: Random, role: StreamHead["role"], first: number, payload: Uint8Array): Frame {
  const length = payload.length;
  const form = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  // Without any effect of the mask, mutations reach the payload itself.
  const key = role === "client" ? undefined : random.oneIn(2) ? 0 : random.int();
  return { first, payload, length, form, key };
}

function write({ first, payload, length, form, key }: Frame): Buffer {
  const header = 2 + form + (key === undefined ? 0 : 4);
  const bytes = Buffer.alloc(header + payload.length);
  bytes[0] = first;
  bytes[1] = (key === undefined ? 0 : 0x80) | (form === 0 ? length & 0x7f : form === 2 ? 126 : 127);
  if (form === 2) bytes.writeUInt16BE(length & 0xffff, 2);
  if (form === 8) {
    bytes.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    bytes.writeUInt32BE(length >>> 0, 6);
  }
  if (key !== undefined) bytes.writeInt32LE(key, 2 + form);
  for (let at = 0; at < payload.length; at++)
    bytes[header + at] = (payload[at] as number) ^ ((key ?? 0) >>> (8 * (at & 3)));
  return bytes;
}

const utf8 = [
  ..."a é € 😀 \u0000 \u007f \u0080 \u07ff \u0800 \ud7ff \ue000 \ufeff \uffff \u{10000} \u{10ffff}".split(
    " ",
  ),
  "x".repeat(60),
  "é".repeat(30),
].map((text) => Buffer.from(text));
const notUtf8 = ["ff", "c0af", "eda080", "f4908080", "c3", "e282", "80", "f09f98", "e08080", "fe"].map(
  (hex) => Buffer.from(hex, "hex"),
);

function text(random: Random): Buffer {
  const parts = Array.from({ length: random.size(8) }, () => random.pick(utf8));
  if (random.oneIn(12)) parts.splice(random.below(parts.length + 1), 0, random.pick(notUtf8));
  return Buffer.concat(parts);
}

function binary(random: Random): Buffer {
  if (random.oneIn(40)) return Buffer.alloc(random.pick([125, 126, 127, 999, 1_000, 1_001]), 0xfe);
  if (random.oneIn(2_000)) return Buffer.alloc(random.pick([65_535, 65_536, 69_999, 70_001]), 0xfe);
  return random.bytes(random.size(200));
}

const closeCodes = [1000, 1001, 1003, 1007, 1014, 3000, 4999, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000];

function closePayload(random: Random): Buffer {
  if (random.oneIn(4)) return random.bytes(random.below(2));
  const code = Buffer.alloc(2);
  code.writeUInt16BE(random.pick(closeCodes));
  return Buffer.concat([code, text(random).subarray(0, 123)]);
}

/** A control frame, a whole message, or one in fragments with control frames between. */
function pieces(random: Random, role: StreamHead["role"], compression: boolean): Frame[] {
  if (random.oneIn(4))
    return [frame(random, role, random.pick([0x89, 0x8a]), random.bytes(random.size(125)))];
  if (random.oneIn(12)) return [frame(random, role, 0x88, closePayload(random))];
  const isText = random.oneIn(2);
  const payload = isText ? text(random) : binary(random);
  const first = (isText ? 1 : 2) | (compression && random.oneIn(2) ? 0x40 : 0);
  if (random.oneIn(2)) return [frame(random, role, 0x80 | first, payload)];
  const frames: Frame[] = [];
  for (let at = 0; ;) {
    const size = random.oneIn(4) ? 0 : 1 + random.size(payload.length + 1);
    const last = at + size >= payload.length || frames.length > 6;
    const part = last ? payload.subarray(at) : payload.subarray(at, at + size);
    frames.push(frame(random, role, (last ? 0x80 : 0) | (at === 0 && frames.length === 0 ? first : 0), part));
    if (last) return frames;
    at += size;
    if (random.oneIn(4)) frames.push(frame(random, role, 0x89, random.bytes(random.size(20))));
  }
}

const lengths = [0, 1, 125, 126, 127, 999, 1_001, 65_535, 65_536, 2 ** 32, 2 ** 53 - 1, 2 ** 53];

/** The same frame with something about it that is wrong. */
function spoilt(random: Random, spec: Frame): Frame {
  switch (random.below(5)) {
    case 0:
      return { ...spec, first: spec.first ^ (1 << random.below(8)) };
    case 1:
      return { ...spec, length: random.pick(lengths), form: random.pick([2, 8]) };
    case 2:
      return { ...spec, key: spec.key === undefined ? random.int() : undefined };
    case 3:
      return { ...spec, form: random.pick([0, 2, 8]) };
    default:
      return { ...spec, payload: Buffer.concat([spec.payload, random.bytes(1)]) };
  }
}

/** @param flags - those that the first byte of the input may have */
export function makeStream(random: Random, flags: number): Buffer {
  const head = Buffer.from([random.int() & flags, random.int(), random.int()]);
  const { role, compression } = readHead(head);
  const frames: Buffer[] = [head];
  const faulty = random.oneIn(3);
  for (let left = 1 + random.size(6); left > 0; left--) {
    for (const spec of pieces(random, role, compression))
      frames.push(write(faulty && random.oneIn(6) ? spoilt(random, spec) : spec));
  }
  return Buffer.concat(frames);
}

/** Cuts a stream into its frames, as far as they can be told; what is left is the last. */
function framesOf(stream: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  let at = 0;
  while (at + 2 <= stream.length && frames.length < 64) {
    const second = stream[at + 1] as number;
    const short = second & 0x7f;
    const form = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (at + 2 + form > stream.length) break;
    const length =
      form === 0 ? short : stream.readUIntBE(at + 2 + form - Math.min(form, 6), Math.min(form, 6));
    const end = at + 2 + form + (second >= 0x80 ? 4 : 0) + length;
    if (end > stream.length) break;
    frames.push(stream.subarray(at, end));
    at = end;
  }
  if (at < stream.length) frames.push(stream.subarray(at));
  return frames;
}

/** Changes a stream frame by frame. */
export function mutateStream(input: Buffer, other: Buffer, random: Random): Buffer {
  const head = Buffer.from(input.subarray(0, HEAD_SIZE));
  const frames = framesOf(input.subarray(HEAD_SIZE));
  const at = random.below(frames.length + 1);
  const one = frames[at];
  switch (random.below(7)) {
    case 0:
      frames.splice(at, 1);
      break;
    case 1:
      if (one !== undefined) frames.splice(random.below(frames.length + 1), 0, one);
      break;
    case 2:
      frames.splice(at, 0, ...framesOf(other.subarray(HEAD_SIZE)).slice(0, 1 + random.below(4)));
      break;
    case 3: // flags and opcode
      if (one !== undefined)
        frames[at] = Buffer.concat([Buffer.of((one[0] as number) ^ (1 << random.below(8))), one.subarray(1)]);
      break;
    case 4: // the mask bit and the length
      if (one !== undefined && one.length > 1)
        frames[at] = Buffer.concat([
          one.subarray(0, 1),
          Buffer.of((one[1] as number) ^ (1 << random.below(8))),
          one.subarray(2),
        ]);
      break;
    case 5: // how it is cut
      if (head.length > 0) head[1 + random.below(2)] = random.int();
      break;
    default:
      frames.splice(
        at,
        0,
        write(
          frame(
            random,
            readHead(head).role,
            random.pick([0, 0x80, 1, 0x89, 0x88]),
            text(random).subarray(0, 120),
          ),
        ),
      );
  }
  return Buffer.concat([head, ...frames]);
}
