/** Pings and pongs (RFC 6455 §5.5.2, §5.5.3). */

import { close, pong, text } from "./arrival.js";
import { exchange, family, type Row } from "./case.js";
import { both } from "./group.js";
import { fragments, randomBytes, range, sound, textOf } from "./payloads.js";

const payloads = [0, 1, 2, 7, 64, 123, 124, 125].map((length): Row => [
  `A ping of ${length} bytes is answered with the same bytes`,
  exchange([{ opcode: 9, payload: randomBytes(length) }], [pong(randomBytes(length))]),
]);

const segments = [1, 2, 3, 64].map((chunk): Row => [
  `A ping of 125 bytes in segments of ${chunk} bytes is answered`,
  exchange([{ opcode: 9, payload: randomBytes(125) }], [pong(randomBytes(125))], { chunk }),
]);

const several = [2, 10, 100, 1_000].flatMap((count): readonly Row[] => {
  const numbers = range(1, count).map(String);
  const pings = numbers.map((payload) => ({ opcode: 9, payload }));
  return [
    [
      `${count} pings at once are answered in their order`,
      exchange(
        pings,
        numbers.map((n) => pong(n)),
      ),
    ],
    [
      `${count} pings at once in segments of 5 bytes are answered in their order`,
      exchange(
        pings,
        numbers.map((n) => pong(n)),
        { chunk: 5 },
      ),
    ],
  ];
});

const unsolicited: readonly Row[] = [
  ...[0, 1, 125].map((length): Row => [
    `An unsolicited pong of ${length} bytes is passed over`,
    exchange([{ opcode: 10, payload: randomBytes(length) }, ...sound[0]], sound[1]),
  ]),
  [
    "Ten unsolicited pongs and then a ping: only the ping is answered",
    exchange(
      [...range(0, 9).map((n) => ({ opcode: 10, payload: String(n) })), { opcode: 9, payload: "p" }],
      [pong("p")],
    ),
  ],
  [
    "A pong with the payload of a ping that came is not taken for anything",
    exchange(
      [{ opcode: 9, payload: "x" }, { opcode: 10, payload: "x" }, ...sound[0]],
      [pong("x"), ...sound[1]],
    ),
  ],
];

const between: readonly Row[] = [
  [
    "A ping between two fragments is answered, and the message whole",
    exchange(
      [
        { opcode: 1, fin: false, payload: "frag" },
        { opcode: 9, payload: "between" },
        { opcode: 0, payload: "ment" },
      ],
      [pong("between"), text("fragment")],
    ),
  ],
  [
    "A ping between two fragments is answered before the message is complete",
    async (subject) => {
      const peer = await subject.open();
      await peer.send([{ opcode: 1, fin: false, payload: "frag" }, { opcode: 9 }]);
      await peer.expect(pong());
      await peer.send([{ opcode: 0, payload: "ment" }]);
      await peer.expect(text("fragment"));
      await peer.leave();
    },
  ],
  [
    "A ping before each byte of a text, also within its characters, is answered",
    exchange(
      fragments(1, textOf(100), 1).flatMap((fragment, at) => [{ opcode: 9, payload: String(at) }, fragment]),
      [...range(0, 99).map((at) => pong(String(at))), text(textOf(100))],
    ),
  ],
  [
    "Pings and messages in turns are answered",
    async (subject) => {
      const peer = await subject.open();
      for (const n of range(1, 50)) {
        await peer.send([{ opcode: 9, payload: `ping ${n}` }]);
        await peer.expect(pong(`ping ${n}`));
        await peer.send([{ opcode: 1, payload: `text ${n}` }]);
        await peer.expect(text(`text ${n}`));
      }
      await peer.leave();
    },
  ],
];

const malformed: readonly Row[] = [8, 9, 10].flatMap((opcode): readonly Row[] => {
  const name = { 8: "close frame", 9: "ping", 10: "pong" }[opcode];
  return [
    ...[126, 127, 65_536].map((length): Row => [
      `A ${name} of ${length} bytes is too long: 1002`,
      exchange([{ opcode, payload: Buffer.alloc(length) }], [close(1002)]),
    ]),
    [
      `A ${name} of 5 bytes with a 16-bit length: 1002`,
      exchange([{ opcode, payload: "hello", lengthBytes: 2 }], [close(1002)]),
    ],
    [`A fragmented ${name}: 1002`, exchange([{ opcode, fin: false }, { opcode: 0 }], [close(1002)])],
    [
      `A fragmented ${name} with a payload: 1002`,
      exchange([{ opcode, fin: false, payload: Buffer.of(3, 232) }], [close(1002)]),
    ],
    [
      `A fragmented ${name} within a fragmented message: 1002`,
      exchange(
        [
          { opcode: 1, fin: false },
          { opcode, fin: false },
        ],
        [close(1002)],
      ),
    ],
  ];
});

const own: readonly Row[] = [
  [
    "Its ping is well-formed, and settles at our pong",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([{ opcode: 1, payload: "ping" }]);
      const { kind, payload } = await peer.next();
      await peer.send([{ opcode: 10, payload: kind === "ping" ? payload : "no ping" }]);
      await peer.expect(text("ponged"));
      await peer.leave();
    },
  ],
  [
    "Its ping does not settle at a pong with another payload",
    async (subject) => {
      const peer = await subject.open({ task: "obey" });
      await peer.send([{ opcode: 1, payload: "ping" }]);
      const { payload } = await peer.next();
      // What answers our ping shows that nothing came of the wrong pong.
      await peer.send([
        { opcode: 10, payload: "another" },
        { opcode: 9, payload: "ours" },
      ]);
      await peer.expect(pong("ours"));
      await peer.send([{ opcode: 10, payload }]);
      await peer.expect(text("ponged"));
      await peer.leave();
    },
  ],
];

export const controlFrames = both("Pings and pongs", "RFC 6455 §5.5", [
  family("P1", "Pings of each length", payloads),
  family("P2", "Pings in segments", segments),
  family("P3", "Many pings at once", several),
  family("P4", "Pongs that nobody asked for", unsolicited),
  family("P5", "Between fragments", between),
  family("P6", "Control frames that are too long or fragmented", malformed),
  family("P7", "Its own pings", own),
]);
