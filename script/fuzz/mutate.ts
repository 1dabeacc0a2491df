import type { Random } from "./random.js";
import type { Target } from "./target.js";

/** Inputs do not grow beyond this, in bytes: many small ones find more than few large ones. */
const LONGEST = 1_200;

/** Numbers at the edges of lengths and limits. */
const EDGES = [
  0,
  1,
  2,
  124,
  125,
  126,
  127,
  128,
  254,
  255,
  256,
  999,
  1_000,
  1_001,
  65_535,
  65_536,
  2 ** 31,
  2 ** 32,
];

type Mutation = (input: Buffer, other: Buffer, random: Random) => Buffer;

/** Changes an input in some way or another, several times over; `other` is where it may take pieces from. */
export function mutate(target: Target, input: Buffer, other: Buffer, random: Random): Buffer {
  let mutated = input;
  for (let left = 1 + random.size(5); left > 0; left--) {
    if (target.mutate !== undefined && random.oneIn(2)) mutated = target.mutate(mutated, other, random);
    else if (target.dictionary !== undefined && random.oneIn(4))
      mutated = insert(mutated, random.pick(target.dictionary), random);
    else mutated = random.pick(mutations)(mutated, other, random);
  }
  return mutated.subarray(0, Math.max(LONGEST, input.length));
}

/** A part of the bytes: most are short. */
function part(bytes: Buffer, random: Random): Buffer {
  const start = random.below(bytes.length + 1);
  return bytes.subarray(start, start + 1 + random.size(bytes.length + 1));
}

function insert(input: Buffer, piece: Uint8Array, random: Random): Buffer {
  const at = random.below(input.length + 1);
  const resume = random.oneIn(3) ? at + piece.length : at;
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(resume)]);
}

/** A copy of the bytes, of which one at a random place is changed. */
function change(input: Buffer, random: Random, changed: (byte: number) => number): Buffer {
  const copy = Buffer.from(input);
  const at = random.below(input.length);
  if (input.length > 0) copy[at] = changed(input[at] as number);
  return copy;
}

/** Writes a number at an edge, as lengths are written. */
function writeEdge(input: Buffer, _other: Buffer, random: Random): Buffer {
  const size = random.pick([1, 2, 4, 8]);
  if (input.length < size) return input;
  const copy = Buffer.from(input);
  const field = Buffer.alloc(8);
  field.writeBigUInt64BE(BigInt(random.pick(EDGES)));
  field.copy(copy, random.below(input.length - size + 1), 8 - size);
  return copy;
}

const mutations: readonly Mutation[] = [
  (input, _other, random) => change(input, random, (byte) => byte ^ (1 << random.below(8))),
  (input, _other, random) => change(input, random, () => random.int()),
  (input, _other, random) => change(input, random, (byte) => byte + random.below(5) - 2),
  writeEdge,
  (input, _other, random) => input.subarray(0, random.below(input.length + 1)),
  (input, _other, random) => {
    const start = random.below(input.length + 1);
    return Buffer.concat([
      input.subarray(0, start),
      input.subarray(start + 1 + random.size(input.length + 1)),
    ]);
  },
  (input, _other, random) => insert(input, part(input, random), random),
  (input, other, random) => insert(input, part(other, random), random),
  (input, _other, random) => insert(input, random.bytes(1 + random.size(16)), random),
  (input, other, random) =>
    Buffer.concat([
      input.subarray(0, random.below(input.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]),
];
