/** Lengths and segments (RFC 6455 §5.2). */

import type { FrameSpec } from "../protocol/frames.js";
import { close, text } from "./arrival.js";
import { dialogue, exchange, family, type Case, type Row } from "./case.js";
import { both } from "./group.js";
import { frameKinds, kinds, range, sound, textOf } from "./payloads.js";

const LENGTHS = [0, 1, 2, 124, 125, 126, 127, 128, 1_000, 65_534, 65_535, 65_536, 65_537];
const CHUNKS = [1, 2, 7, 64, 997, 1_460, 4_096];

function echoed(kind: (typeof kinds)[number], length: number, chunk?: number): Case["run"] {
  const payload = kind.make(length);
  return exchange([{ opcode: kind.opcode, payload }], [kind.expected(payload)], {
    ...(chunk !== undefined && { chunk }),
  });
}

const lengths = kinds.flatMap((kind) =>
  LENGTHS.map((length): Row => [`A ${kind.name} message of ${length} bytes is echoed`, echoed(kind, length)]),
);

/** One byte at a time is worth it only where that is a header or not much more. */
const chunks = kinds.flatMap((kind) =>
  [125, 126, 65_535, 65_536].flatMap((length) =>
    CHUNKS.filter((chunk) => chunk < length && length / chunk <= 10_000).map((chunk): Row => [
      `A ${kind.name} message of ${length} bytes in segments of ${chunk} bytes is echoed`,
      echoed(kind, length, chunk),
    ]),
  ),
);

/** A masked header with a short length has 6 bytes, one with 16 bits has 8, one with 64 bits has 14. */
const headers = [
  [5, 6],
  [200, 8],
  [70_000, 14],
] as const;

const cutHeaders = headers.flatMap(([length, size]) =>
  range(1, size).map((at): Row => [
    `A message of ${length} bytes is echoed if its first segment ends after byte ${at}`,
    async (subject) => {
      const peer = await subject.open();
      const payload = textOf(length);
      await peer.sendInTwo(
        [
          { opcode: 1, payload },
          { opcode: 1, payload: "behind" },
        ],
        at,
      );
      await peer.expect(text(payload), text("behind"));
      await peer.leave();
    },
  ]),
);

const many: readonly Row[] = [10, 1_000, 10_000].map((count) => {
  const messages = range(1, count).map(String);
  return [
    `${count} messages that are written at once are echoed in their order`,
    exchange(
      messages.map((payload) => ({ opcode: 1, payload })),
      messages.map((payload) => text(payload)),
    ),
  ];
});

const notShortest: readonly (readonly [sentence: string, frame: FrameSpec])[] = [
  ...[0, 1, 124, 125].map((length) => [`${length} bytes with a 16-bit length`, sized(length, 2)] as const),
  ...[0, 1, 125, 126, 127, 65_534, 65_535].map(
    (length) => [`${length} bytes with a 64-bit length`, sized(length, 8)] as const,
  ),
];

function sized(length: number, lengthBytes: 2 | 8): FrameSpec {
  return { opcode: 2, payload: Buffer.alloc(length), lengthBytes };
}

const wrongLengths: readonly Row[] = [
  ...notShortest.map(([sentence, frame]): Row => [
    `${sentence} are not in their shortest form: 1002`,
    dialogue([sound, [[frame], [close(1002)]]]),
  ]),
  ...[2n ** 63n, 2n ** 63n + 5n, 2n ** 64n - 1n].map((length): Row => [
    `A length of ${length}, whose top bit is set: 1002`,
    dialogue([sound, [[{ opcode: 2, length }], [close(1002)]]]),
  ]),
];

/** Frames of a server that are masked, and frames of a client that are not (§5.1). */
const wrongMasks = frameKinds.map(([name, before, frame]): Row => [
  `A mask on ${name} where there must be none, or none where there must be one: 1002`,
  (subject) => {
    const wrong = { ...frame, masked: subject.role === "client" };
    return dialogue([sound, [[...before, wrong], [close(1002)]]])(subject);
  },
]);

export const framing = both("Framing", "RFC 6455 §5.2", [
  family("F1", "Messages of each length", lengths),
  family("F2", "In segments", chunks),
  family("F3", "Headers cut at each byte", cutHeaders),
  family("F4", "Many messages at once", many),
  family("F5", "Lengths that are not in their shortest form", wrongLengths),
  family("F6", "Masks", wrongMasks),
]);
