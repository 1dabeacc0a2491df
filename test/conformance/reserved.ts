/** Reserved bits and opcodes (RFC 6455 §5.2). */

import { close } from "./arrival.js";
import { dialogue, exchange, family, type Row } from "./case.js";
import { both } from "./group.js";
import { frameKinds, range, sound } from "./payloads.js";

const refused = close(1002);

const bits = range(1, 7).flatMap((bits) =>
  frameKinds.map(([place, before, frame]): Row => [
    `Reserved bits ${bits.toString(2).padStart(3, "0")} on ${place}: 1002`,
    dialogue([sound, [[...before, { ...frame, reserved: bits << 4 }], [refused]]]),
  ]),
);

const opcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode): readonly Row[] => {
  const name = `Opcode ${opcode.toString(16).toUpperCase()}`;
  return [
    [`${name} without a payload: 1002`, exchange([{ opcode }], [refused])],
    [`${name} with a payload: 1002`, exchange([{ opcode, payload: "payload" }], [refused])],
    [
      `${name} after a message, which is echoed: 1002`,
      dialogue([sound, [[{ opcode, payload: "payload" }, { opcode: 9 }], [refused]]]),
    ],
    [
      `${name} within a fragmented message: 1002`,
      exchange([{ opcode: 1, fin: false }, { opcode }], [refused]),
    ],
    [`${name} as a fragment: 1002`, exchange([{ opcode, fin: false }, { opcode: 0 }], [refused])],
    [
      `${name} in segments of one byte: 1002`,
      dialogue([sound, [[{ opcode, payload: "payload" }], [refused]]], { chunk: 1 }),
    ],
  ];
});

export const reserved = both("Reserved bits and opcodes", "RFC 6455 §5.2", [
  family("R1", "Reserved bits", bits),
  family("R2", "Reserved opcodes", opcodes),
]);
