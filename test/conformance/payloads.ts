/** What the cases send, the same at each run. */

import { createHash } from "node:crypto";
import type { FrameSpec } from "../protocol/frames.js";
import { binary, text } from "./arrival.js";
import type { Step } from "./case.js";

/** Bytes that look like chance, made of a seed. */
export function randomBytes(size: number, seed = 0): Buffer {
  const hash = createHash("shake256", { outputLength: size });
  return hash.update(String(seed)).digest();
}

/** Text of so many bytes in characters of one, two, three and four bytes. */
export function textOf(size: number): Buffer {
  const pattern = Buffer.from("Jackfield ïñŧëřñåţïöñäļ ✓ 漢字 𝄞 ");
  const bytes = Buffer.alloc(size, pattern);
  // A character that was cut off at the end gives way.
  const rest = size % pattern.length;
  const whole = Buffer.from(pattern.toString("utf8", 0, rest).replace(/\uFFFD+$/, ""));
  return bytes.fill(".", size - rest + whole.length);
}

/** JSON of so many bytes, or its beginning, made of a seed. */
export function jsonOf(size: number, seed = 0): Buffer {
  const lines: string[] = [];
  for (let length = 0; length < size; length += lines.at(-1)?.length ?? 0)
    lines.push(
      JSON.stringify({
        id: lines.length * 7 + seed,
        from: "ann",
        text: `message ${lines.length}`,
        seen: true,
      }),
    );
  return Buffer.from(lines.join(",")).subarray(0, size);
}

/** The kinds of messages: their opcode, what they hold, and how they come back. */
export const kinds = [
  { name: "text", opcode: 1, make: textOf, expected: text },
  { name: "binary", opcode: 2, make: randomBytes, expected: binary },
] as const;

/** A message in frames that hold `size` bytes each. */
export function fragments(
  opcode: number,
  payload: Buffer,
  size: number,
  first: Partial<FrameSpec> = {},
): FrameSpec[] {
  const frames: FrameSpec[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const isFirst = at === 0;
    frames.push({
      ...(isFirst && first),
      opcode: isFirst ? opcode : 0,
      fin: at + size >= payload.length,
      payload: payload.subarray(at, at + size),
    });
  }
  return frames;
}

/** A message in frames of which each ends where it says. */
export function cutAt(opcode: number, payload: Buffer, cuts: readonly number[]): FrameSpec[] {
  const starts = [0, ...cuts];
  return starts.map((start, at) => ({
    opcode: at === 0 ? opcode : 0,
    fin: at === cuts.length,
    payload: payload.subarray(start, starts[at + 1] ?? payload.length),
  }));
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** A message that is echoed, which shows that the connection is alive and well. */
export const sound: Step = [[{ opcode: 1, payload: "sound" }], [text("sound")]];

/** Each kind of frame, and what must stand before it. */
export const frameKinds: readonly (readonly [
  place: string,
  before: readonly FrameSpec[],
  frame: FrameSpec,
])[] = [
  ["a text frame", [], { opcode: 1, payload: "text" }],
  ["a binary frame", [], { opcode: 2, payload: "bytes" }],
  ["an empty text frame", [], { opcode: 1 }],
  ["the first fragment", [], { opcode: 1, fin: false, payload: "text" }],
  ["a continuation frame", [{ opcode: 1, fin: false }], { opcode: 0, payload: "text" }],
  ["a close frame", [], { opcode: 8, payload: Buffer.of(3, 232) }],
  ["a ping", [], { opcode: 9, payload: "ping" }],
  ["a pong", [], { opcode: 10, payload: "pong" }],
];
