/** Messages up to the largest, in every chunking, and what is larger (RFC 6455 §10.4). */

import type { FrameSpec } from "../protocol/frames.js";
import { binary, close, pong, text } from "./arrival.js";
import { exchange, family, type Row } from "./case.js";
import type { Group } from "./group.js";
import { fragments, kinds, range, randomBytes, textOf } from "./payloads.js";
import { KIB, LARGEST_MESSAGE, MIB, SMALL_MESSAGE } from "./sizes.js";

/** From 64 bytes on, each four times as large as the one before. */
const CHUNKS = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];

function named(size: number): string {
  if (size >= MIB) return `${size / MIB} MiB`;
  return size >= KIB ? `${size / KIB} KiB` : `${size} bytes`;
}

const whole = kinds.flatMap((kind) =>
  [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, LARGEST_MESSAGE].map((size): Row => [
    `A ${kind.name} message of ${named(size)} is echoed`,
    (subject) => {
      const payload = kind.make(size);
      return exchange([{ opcode: kind.opcode, payload }], [kind.expected(payload)])(subject);
    },
  ]),
);

/** Text is the harder part: its characters are cut, and none is to be refused or missed for that. */
const inFragments = CHUNKS.map((size): Row => [
  `A text message of 16 MiB in fragments of ${named(size)} is echoed`,
  (subject) => {
    const payload = textOf(LARGEST_MESSAGE);
    return exchange(fragments(1, payload, size), [text(payload)])(subject);
  },
]);

const inSegments = CHUNKS.map((chunk): Row => [
  `A binary message of 16 MiB in segments of ${named(chunk)} is echoed`,
  (subject) => {
    const payload = randomBytes(LARGEST_MESSAGE);
    return exchange([{ opcode: 2, payload }], [binary(payload)], { chunk })(subject);
  },
]);

/** One after the other, each sent when the one before is back. */
const turns = kinds.flatMap((kind) =>
  [0, 16, 64, 256, KIB, 4 * KIB].map((size): Row => [
    `500 ${kind.name} messages of ${named(size)}, one at a time, are echoed`,
    async (subject) => {
      const peer = await subject.open();
      const payload = kind.make(size);
      for (let count = 0; count < 500; count++) {
        await peer.send([{ opcode: kind.opcode, payload }]);
        await peer.expect(kind.expected(payload));
      }
      await peer.leave();
    },
  ]),
);

const tooBig = close(1009);

/** The header says it all: nothing of these messages is ever sent. */
const announced: readonly Row[] = [
  [
    "A frame of one byte more than the largest is refused at its header: 1009",
    (subject) => exchange([{ opcode: 2, length: subject.maxMessageSize + 1 }], [tooBig])(subject),
  ],
  ...(
    [
      ["2^32", 2n ** 32n],
      ["2^53", 2n ** 53n],
      ["2^63 - 1", 2n ** 63n - 1n],
    ] as const
  ).map(([name, length]): Row => [
    `A frame of ${name} bytes is refused at its header: 1009`,
    exchange([{ opcode: 2, length }], [tooBig]),
  ]),
  [
    "A fragment that makes the message one byte too large is refused at its header: 1009",
    (subject) => {
      const last = { opcode: 0, length: subject.maxMessageSize };
      return exchange([{ opcode: 2, fin: false, payload: "x" }, last], [tooBig])(subject);
    },
  ],
  [
    "A fragment of 2^63 - 1 bytes behind others is refused at its header: 1009",
    exchange(
      [
        { opcode: 1, fin: false, payload: "x" },
        { opcode: 0, fin: false, length: 2n ** 63n - 1n },
      ],
      [tooBig],
    ),
  ],
  [
    "What is refused at its header need not be sent: the connection ends all the same",
    exchange([{ opcode: 2, length: 2n ** 40n, payload: "the beginning" }], [tooBig]),
  ],
];

/** Frames without a byte cost memory all the same. */
const emptyFragments: readonly Row[] = [
  [
    "1,024 empty fragments and a last one are a message",
    exchange([...fragmentsOf(1_024), { opcode: 0, payload: "end" }], [text("end")]),
  ],
  ["1,026 empty fragments are refused: 1008", exchange(fragmentsOf(1_026), [close(1008)])],
  [
    "65,536 fragments of one byte are a message",
    exchange(fragments(2, randomBytes(65_536), 1), [{ kind: "binary", payload: randomBytes(65_536) }]),
  ],
];

function fragmentsOf(count: number): FrameSpec[] {
  return range(1, count).map((n) => ({ opcode: n === 1 ? 1 : 0, fin: false }));
}

/** A route that takes messages of `SMALL_MESSAGE` bytes. */
const small = { path: "/small" };
const fits = textOf(SMALL_MESSAGE);
const isOver = textOf(SMALL_MESSAGE + 1);

const ofRoute: readonly Row[] = [
  [
    "A message of just the route's maximum is echoed",
    exchange([{ opcode: 1, payload: fits }], [text(fits)], small),
  ],
  ["One byte more: 1009", exchange([{ opcode: 1, payload: isOver }], [tooBig], small)],
  ...[1, 7, 500, 999].flatMap((size): readonly Row[] => [
    [
      `Just the maximum in fragments of ${size} bytes is echoed`,
      exchange(fragments(1, fits, size), [text(fits)], small),
    ],
    [
      `One byte more in fragments of ${size} bytes: 1009`,
      exchange(fragments(1, isOver, size), [tooBig], small),
    ],
  ]),
  [
    "Control frames between don't count",
    exchange(
      [
        { opcode: 1, fin: false, payload: fits.subarray(0, 900) },
        { opcode: 9, payload: randomBytes(125) },
        { opcode: 0, payload: fits.subarray(900) },
      ],
      [pong(randomBytes(125)), text(fits)],
      small,
    ),
  ],
  [
    "Messages that are too large only together are echoed",
    exchange(
      range(1, 5).map(() => ({ opcode: 1, payload: fits })),
      range(1, 5).map(() => text(fits)),
      small,
    ),
  ],
];

const shared = [
  family("L1", "Messages up to 16 MiB", whole),
  family("L2", "16 MiB in fragments", inFragments),
  family("L3", "16 MiB in segments", inSegments),
  family("L4", "One message at a time", turns),
  family("L5", "Too large by their header", announced),
  family("L6", "Fragments without bytes", emptyFragments),
];

export const limits: Group = {
  name: "Limits",
  section: "RFC 6455 §10.4",
  server: [...shared, family("L7", "The maximum of a route", ofRoute)],
  client: shared,
};
