/** What a close frame holds (RFC 6455 §5.5.1, §7.4). */

import assert from "node:assert/strict";
import { close, codeBytes, text } from "./arrival.js";
import { exchange, family, type Row } from "./case.js";
import { both } from "./group.js";
import { textOf } from "./payloads.js";
import { invalidTexts, validTexts } from "./utf8-table.js";

/** Defined by the RFC or registered, those of libraries, and those of apps (§7.4.2). */
const VALID = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999,
];

/** Too low, reserved, never on the wire, not assigned, too high. */
const INVALID = [
  0, 1, 125, 500, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1099, 1100, 1999, 2000, 2999, 5000, 5001, 9999,
  65_535,
];

const reasons = [
  ["without a reason", ""],
  ["with a reason", "because"],
  ["with the longest reason", textOf(123)],
] as const;

function closing(code: number, reason: Uint8Array | string = ""): { opcode: number; payload: Buffer } {
  return { opcode: 8, payload: Buffer.concat([codeBytes(code), Buffer.from(reason)]) };
}

const valid = reasons.flatMap(([name, reason]) =>
  VALID.map((code): Row => [`${code} ${name} is echoed`, exchange([closing(code, reason)], [close(code)])]),
);

const invalid = reasons.flatMap(([name, reason]) =>
  INVALID.map((code): Row => [`${code} ${name}: 1002`, exchange([closing(code, reason)], [close(1002)])]),
);

const sizes: readonly Row[] = [
  ["No payload is answered with none", exchange([{ opcode: 8 }], [close(undefined, "")])],
  ["A single byte is no code: 1002", exchange([{ opcode: 8, payload: Buffer.of(3) }], [close(1002)])],
  ["A single byte 0 is no code: 1002", exchange([{ opcode: 8, payload: Buffer.of(0) }], [close(1002)])],
  [
    "A reason of 124 bytes makes the frame too long: 1002",
    exchange([closing(1000, textOf(124))], [close(1002)]),
  ],
  [
    "A close frame in segments of one byte is echoed",
    exchange([closing(1000, "because")], [close(1000)], { chunk: 1 }),
  ],
  ["The answer echoes the reason, too", exchange([closing(1000, "because")], [close(1000, "because")])],
  ["So it does the longest reason", exchange([closing(4999, textOf(123))], [close(4999, textOf(123))])],
  ["The answer to a code without a reason has none", exchange([closing(4000)], [close(4000, "")])],
];

const validReasons = validTexts.map(({ name, text: reason }): Row => [
  `A reason with ${name} is echoed`,
  exchange([closing(1000, reason)], [close(1000)]),
]);

const invalidReasons = invalidTexts.map(({ name, bytes }): Row => [
  `A reason with ${name}: 1007`,
  exchange([closing(1000, bytes)], [close(1007)]),
]);

/** Of the endpoint under test itself. */
const own = [
  ...VALID.map((code) => [code, ""] as const),
  [1000, "because"] as const,
  [4999, "ünïcödé ✓"] as const,
];

const sent: readonly Row[] = [
  ...own.map(([code, reason]): Row => [
    `It closes with ${code}${reason === "" ? "" : ` and "${reason}"`} when it is told to`,
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([{ opcode: 1, payload: `close ${code} ${reason}`.trimEnd() }]);
      await peer.expect(close(code, reason));
      await peer.send([closing(code)]);
      await peer.expectEnd();
    },
  ]),
  ...[1005, 1006, 1015, 999, 1004, 2999, 5000].map((code): Row => [
    `It never sends ${code}: its application gets an error`,
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([{ opcode: 1, payload: `try close ${code}` }]);
      await peer.expect(text("InvalidCloseError"));
      await peer.leave();
    },
  ]),
  [
    "It closes without a code and a reason when it is told to",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([{ opcode: 1, payload: "close-empty" }]);
      await peer.expect(close(undefined, ""));
      await peer.send([{ opcode: 8 }]);
      await peer.expectEnd();
      const { code, clean } = await peer.ending;
      assert.deepEqual({ code, clean }, { code: 1005, clean: true });
    },
  ],
];

export const closeCodes = both("Close codes and reasons", "RFC 6455 §7.4", [
  family("C1", "Codes that may be sent", valid),
  family("C2", "Codes that may not", invalid),
  family("C3", "Sizes of close frames", sizes),
  family("C4", "Reasons in valid text", validReasons),
  family("C5", "Reasons in invalid text", invalidReasons),
  family("C6", "Its own codes", sent),
]);
