/** What the payload of a compressed message may be, and what it may not (RFC 7692 §6, §7.2). */

import { constants, deflateRawSync } from "node:zlib";
import { deflated } from "../protocol/deflated.js";
import { hex } from "../protocol/frames.js";
import { close, pong, text } from "./arrival.js";
import { dialogue, exchange, family, type Row } from "./case.js";
import { compressed, RSV1 } from "./deflate.js";
import { both } from "./group.js";
import { fragments, jsonOf, range, sound } from "./payloads.js";
import { invalidTexts, validTexts } from "./utf8-table.js";
import { anyWindow } from "./windows.js";

const agreed = { windows: anyWindow };

const long = jsonOf(10_000);

/** Several blocks that each end with a flush, as a sender makes them that compresses as it goes. */
function inBlocks(message: Buffer, size: number): Buffer {
  const blocks = range(0, Math.ceil(message.length / size) - 1).map((at) =>
    deflateRawSync(message.subarray(at * size, (at + 1) * size), { finishFlush: constants.Z_SYNC_FLUSH }),
  );
  return Buffer.concat(blocks).subarray(0, -4);
}

/** The first ones are those of RFC 7692 §7.2.3. */
const forms: readonly (readonly [name: string, payload: Buffer, message: string | Buffer])[] = [
  ["one block", hex("f2 48 cd c9 c9 07 00"), "Hello"],
  ["a block without compression", hex("00 05 00 fa ff 48 65 6c 6c 6f 00"), "Hello"],
  ["a final block", hex("f3 48 cd c9 c9 07 00 00"), "Hello"],
  ["two blocks", hex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), "Hello"],
  ["an empty block, which is an empty message", hex("00"), ""],
  ["an empty block of fixed codes", hex("02 00"), ""],
  ["fixed codes", deflated(long, { strategy: constants.Z_FIXED }), long],
  ["dynamic codes", deflated(long, { level: 9 }), long],
  ["codes without matches", deflated(long, { strategy: constants.Z_HUFFMAN_ONLY }), long],
  [
    "runs of one byte",
    deflated(Buffer.alloc(10_000, "a"), { strategy: constants.Z_RLE }),
    Buffer.alloc(10_000, "a"),
  ],
  ["the highest level with the least memory", deflated(long, { windowBits: 9, level: 9, memLevel: 1 }), long],
  ["no compression at all", deflated(long, { level: 0 }), long],
  ["a block for each byte", inBlocks(long.subarray(0, 500), 1), long.subarray(0, 500)],
  ["a block for each 100 bytes", inBlocks(long, 100), long],
  ["a final block at the end of a long message", Buffer.concat([deflateRawSync(long), hex("00")]), long],
];

const accepted = forms.map(([name, payload, message]): Row => [
  `A message as ${name} is echoed`,
  exchange([{ opcode: 1, reserved: RSV1, payload }], [text(message)], agreed),
]);

const first = { reserved: RSV1 };

const inParts = [1, 2, 7, 64, 500].flatMap((size): readonly Row[] => [
  [
    `A compressed message in fragments of ${size} bytes is echoed`,
    exchange(fragments(1, deflated(long), size, first), [text(long)], agreed),
  ],
  [
    `A compressed message in segments of ${size} bytes is echoed`,
    exchange([compressed(1, long)], [text(long)], { ...agreed, chunk: size }),
  ],
]);

const withOthers: readonly Row[] = [
  [
    "A ping between compressed fragments is answered, and the message whole",
    exchange(
      fragments(1, deflated(long), 500, first).flatMap((fragment) => [
        { opcode: 9, payload: "between" },
        fragment,
      ]),
      [...fragments(1, deflated(long), 500).map(() => pong("between")), text(long)],
      agreed,
    ),
  ],
  [
    "Empty fragments of a compressed message are passed over",
    exchange(
      fragments(1, deflated(long), 500, first).flatMap((fragment) =>
        fragment.fin === true ? [{ opcode: 0, fin: false }, fragment] : [fragment, { opcode: 0, fin: false }],
      ),
      [text(long)],
      agreed,
    ),
  ],
  [
    "An empty first frame may say that the rest is compressed",
    exchange(
      [
        { opcode: 1, fin: false, ...first },
        { opcode: 0, payload: deflated(long) },
      ],
      [text(long)],
      agreed,
    ),
  ],
];

const bits = range(1, 7).flatMap((reserved): readonly Row[] => {
  const frame = { reserved: reserved << 4, payload: deflated("text") };
  const name = `Reserved bits ${reserved.toString(2).padStart(3, "0")}`;
  const onFirst: readonly Row[] = [
    [`${name} on a message: 1002`, dialogue([sound, [[{ opcode: 1, ...frame }], [close(1002)]]], agreed)],
  ];
  return [
    ...(frame.reserved === RSV1 ? [] : onFirst),
    [
      `${name} on a continuation frame: 1002`,
      exchange(
        [
          { opcode: 1, fin: false, ...first },
          { opcode: 0, ...frame },
        ],
        [close(1002)],
        agreed,
      ),
    ],
    ...[8, 9, 10].map((opcode): Row => [
      `${name} on a control frame of opcode ${opcode}: 1002`,
      exchange([{ opcode, ...frame }], [close(1002)], agreed),
    ]),
  ];
});

const corrupt: readonly (readonly [name: string, payload: Buffer])[] = [
  ["no deflate at all", Buffer.alloc(8, 0xff)],
  ["a block of the reserved type", hex("06 00")],
  ["nothing at all", hex("")],
  ["a stored block whose length is not confirmed", hex("00 05 00 00 00 48 65 6c 6c 6f 00")],
  ["a stored block that is cut short", hex("00 05 00 fa ff 48 65")],
  ["what refers back beyond the beginning of the message before", hex("f2 00 51 00 00")],
  ["a code that there is none of", hex("e3 ff ff ff")],
  ...[1, 2, 10, 100].map(
    (less) => [`${less} bytes less than it was`, deflated(long).subarray(0, -less)] as const,
  ),
];

const refused = corrupt.map(([name, payload]): Row => [
  `A message as ${name}: 1007`,
  dialogue(
    [
      [[compressed(1, "Hello")], [text("Hello")]],
      [[{ opcode: 1, reserved: RSV1, payload }], [close(1007)]],
    ],
    agreed,
  ),
]);

const validText = validTexts.map(({ name, text: message }): Row => [
  `${name}, compressed, is echoed`,
  exchange([compressed(1, message)], [text(message)], agreed),
]);

const invalidText = invalidTexts.flatMap(({ name, bytes }): readonly Row[] => [
  [`${name}, compressed, in a text: 1007`, exchange([compressed(1, bytes)], [close(1007)], agreed)],
  [
    `${name}, compressed, in a binary message is echoed`,
    exchange([compressed(2, bytes)], [{ kind: "binary", payload: bytes }], agreed),
  ],
]);

export const compressedData = both("Compressed data", "RFC 7692 §7.2", [
  family("Y1", "All forms of blocks", accepted),
  family("Y2", "In fragments and segments", inParts),
  family("Y3", "Other frames between", withOthers),
  family("Y4", "Reserved bits", bits),
  family("Y5", "Corrupt data", refused),
  family("Y6", "Valid text", validText),
  family("Y7", "Invalid text", invalidText),
]);
