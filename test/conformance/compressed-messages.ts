/** Compressed messages with each negotiable parameter (RFC 7692 §7). */

import { binary, close, text } from "./arrival.js";
import { dialogue, exchange, family, type Row } from "./case.js";
import { ContextKeeper, deflatedAfter } from "../protocol/context-keeper.js";
import { deflated } from "../protocol/deflated.js";
import type { FrameSpec } from "../protocol/frames.js";
import { compressed, RSV1 } from "./deflate.js";
import type { Group } from "./group.js";
import { jsonOf, randomBytes, range, sound } from "./payloads.js";
import { KIB } from "./sizes.js";
import { anyWindow, type Windows } from "./windows.js";

const SIZES = [16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB];

/** From so many bytes on, JSON is smaller compressed. */
const GAINS_FROM = 256;

/** So many messages of each size, all different. */
const COUNT = 5;

function named({ server, client }: Windows): string {
  return `windows of ${server} bits from the server and ${client} from the client`;
}

const windows: readonly Windows[] = [
  ...range(9, 15).map((server) => ({ server, client: 15 })),
  ...range(9, 14).map((client) => ({ server: 15, client })),
  ...range(9, 14).map((bits) => ({ server: bits, client: bits })),
];

function json(agreed: Windows): readonly Row[] {
  return SIZES.map((size): Row => [
    `${size} bytes of JSON are echoed compressed, with ${named(agreed)}`,
    (subject) => {
      const messages = range(1, COUNT).map((seed) => jsonOf(size, seed));
      const bits = subject.role === "server" ? agreed.client : agreed.server;
      const isSmaller = size >= GAINS_FROM ? true : undefined;
      return exchange(
        messages.map((message) => compressed(1, message, bits)),
        messages.map((message) => text(message, isSmaller)),
        { windows: agreed },
      )(subject);
    },
  ]);
}

const chance = SIZES.map((size): Row => [
  `${size} random bytes, which compression makes larger, come back as they are`,
  exchange([compressed(2, randomBytes(size))], [binary(randomBytes(size), false)], { windows: anyWindow }),
]);

const mixed: readonly Row[] = [
  [
    "Messages that are not compressed are echoed all the same",
    exchange(
      [...sound[0], compressed(1, "compressed"), ...sound[0]],
      [...sound[1], text("compressed"), ...sound[1]],
      {
        windows: anyWindow,
      },
    ),
  ],
  [
    "Large and small messages at once are echoed in their order",
    (subject) => {
      const messages = range(1, 40).map((seed) => jsonOf(seed % 4 === 0 ? 128 * KIB : 10 * seed, seed));
      return exchange(
        messages.map((message) => compressed(1, message)),
        messages.map((message) => text(message)),
        { windows: anyWindow },
      )(subject);
    },
  ],
  [
    "A message takes nothing over from the one before, so that the same is the same on the wire",
    exchange(
      [1, 2, 3].map(() => compressed(1, jsonOf(KIB))),
      [1, 2, 3].map(() => text(jsonOf(KIB), true)),
      {
        windows: anyWindow,
      },
    ),
  ],
];

function taking(payload: Uint8Array): FrameSpec {
  return { opcode: 1, reserved: RSV1, payload };
}

/** Messages of all sizes, as similar to each other as those of an app are. */
const similar = range(1, 3).flatMap((round) => SIZES.map((size, at) => jsonOf(size, round * at)));

const takeover: readonly Row[] = [
  ...range(9, 15).map((bits): Row => [
    `Messages in a context of ${bits} bits that goes on are echoed, though each is to begin anew`,
    async (subject) => {
      const keeper = new ContextKeeper({ windowBits: bits });
      const frames: FrameSpec[] = [];
      for (const message of similar) frames.push(taking(await keeper.deflate(message)));
      const windows = subject.role === "server" ? { server: 15, client: bits } : { server: bits, client: 15 };
      await exchange(
        frames,
        similar.map((message) => text(message)),
        { windows },
      )(subject);
    },
  ]),
  [
    "What is not compressed does not enter such a context",
    exchange(
      [
        taking(deflatedAfter("", "Hello")),
        { opcode: 1, payload: "between" },
        taking(deflatedAfter("Hello", "Hello")),
      ],
      [text("Hello"), text("between"), text("Hello")],
      { windows: anyWindow },
    ),
  ],
  [
    "What refers back beyond the window: 1007",
    (subject) => {
      const [far, near] = [jsonOf(KIB, 1), jsonOf(600, 2)];
      const windows = subject.role === "server" ? { server: 15, client: 9 } : { server: 9, client: 15 };
      return dialogue(
        [
          [
            [taking(deflated(far)), taking(deflated(near))],
            [text(far), text(near)],
          ],
          [
            [taking(deflatedAfter(String(Buffer.concat([far, near])), String(far.subarray(0, 100))))],
            [close(1007)],
          ],
        ],
        { windows },
      )(subject);
    },
  ],
];

const shared = [
  family("Z1", "All windows, 16 bytes to 128 KiB", windows.flatMap(json)),
  family("Z2", "What compression makes larger", chance),
  family("Z3", "Compressed and not, large and small", mixed),
];

/** 8 bits, which zlib can't compress for: only the other side may send so. */
export const compressedMessages: Group = {
  name: "Compressed messages",
  section: "RFC 7692 §7.1",
  server: [
    ...shared,
    family("Z4", "A client with a window of 8 bits", json({ server: 15, client: 8 })),
    family("Z6", "A client that takes its context over", takeover),
  ],
  client: [
    ...shared,
    family("Z5", "A server with a window of 8 bits", json({ server: 8, client: 15 })),
    family("Z7", "A server that takes its context over", takeover),
  ],
};
