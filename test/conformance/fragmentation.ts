/** Fragmented messages (RFC 6455 §5.4). */

import type { FrameSpec } from "../protocol/frames.js";
import { binary, close, pong, text, type Expected } from "./arrival.js";
import { dialogue, exchange, family, type Row, type Step } from "./case.js";
import { both } from "./group.js";
import { fragments, kinds, range } from "./payloads.js";

type Sequence = readonly [sentence: string, sent: readonly FrameSpec[], expected: readonly Expected[]];

/** The first fragment of a text. */
function first(payload: string): FrameSpec {
  return { opcode: 1, fin: false, payload };
}

/** A fragment that is neither the first nor the last. */
function more(payload: string): FrameSpec {
  return { opcode: 0, fin: false, payload };
}

function last(payload: string): FrameSpec {
  return { opcode: 0, payload };
}

const ping: FrameSpec = { opcode: 9, payload: "ping" };
const whole: FrameSpec = { opcode: 1, payload: "whole" };
const leave: FrameSpec = { opcode: 8, payload: Buffer.of(3, 232) };

const valid: readonly Sequence[] = [
  ["two fragments", [first("a"), last("b")], [text("ab")]],
  ["three fragments", [first("a"), more("b"), last("c")], [text("abc")]],
  ["three empty fragments", [first(""), more(""), last("")], [text("")]],
  ["an empty first fragment", [first(""), last("b")], [text("b")]],
  ["an empty last fragment", [first("a"), last("")], [text("a")]],
  ["an empty fragment in the middle", [first("a"), more(""), last("c")], [text("ac")]],
  ["only a middle fragment with bytes", [first(""), more("b"), last("")], [text("b")]],
  ["binary fragments", [{ ...first("a"), opcode: 2 }, last("b")], [binary("ab")]],
  ["two fragmented messages", [first("a"), last("b"), first("c"), last("d")], [text("ab"), text("cd")]],
  ["a whole message before", [whole, first("a"), last("b")], [text("whole"), text("ab")]],
  ["a whole message behind", [first("a"), last("b"), whole], [text("ab"), text("whole")]],
  ["a ping between", [first("a"), ping, last("b")], [pong("ping"), text("ab")]],
  [
    "a ping at each place",
    [ping, first("a"), ping, more("b"), ping, last("c")],
    [pong("ping"), pong("ping"), pong("ping"), text("abc")],
  ],
  ["a pong between", [first("a"), { opcode: 10, payload: "x" }, last("b")], [text("ab")]],
  [
    "ten pings between",
    [first("a"), ...range(0, 9).map((n) => ({ opcode: 9, payload: String(n) })), last("b")],
    [...range(0, 9).map((n) => pong(String(n))), text("ab")],
  ],
  ["a close frame between", [first("a"), leave], [close(1000)]],
  ["a close frame between, and then the rest", [first("a"), leave, last("b")], [close(1000)]],
];

/** What is refused, and what was accepted before it. */
type Refusal = readonly [sentence: string, before: Step, sent: readonly FrameSpec[]];

const nothing: Step = [[], []];
const wholeMessage: Step = [[whole], [text("whole")]];
const fragmentedMessage: Step = [[first("a"), last("b")], [text("ab")]];
const onlyPing: Step = [[ping], [pong("ping")]];
const pingWithin: Step = [[first("a"), ping], [pong("ping")]];

const invalid: readonly Refusal[] = [
  ["a last fragment without a first one", nothing, [last("a")]],
  ["an empty continuation without a first one", nothing, [last("")]],
  ["a middle fragment without a first one", nothing, [more("a")]],
  ["a middle and a last fragment without a first one", nothing, [more("a"), last("b")]],
  ["a continuation after a whole message", wholeMessage, [last("a")]],
  ["a middle fragment after a whole message", wholeMessage, [more("a")]],
  ["a continuation after the last one", fragmentedMessage, [last("c")]],
  ["a middle fragment after the last one", fragmentedMessage, [more("c")]],
  ["a whole text within a message", nothing, [first("a"), whole]],
  ["a whole binary message within a text", nothing, [first("a"), { opcode: 2, payload: "b" }]],
  ["an empty text within a message", nothing, [first("a"), { opcode: 1 }]],
  ["two first fragments", nothing, [first("a"), first("b")]],
  ["a first fragment after a middle one", nothing, [first("a"), more("b"), first("c")]],
  ["a whole text after a ping within a message", pingWithin, [whole]],
  ["a continuation after only a ping", onlyPing, [last("a")]],
  ["a continuation after only a pong", nothing, [{ opcode: 10 }, last("a")]],
];

const ways = [
  ["", {}],
  [" in segments of one byte", { chunk: 1 }],
] as const;

const accepted = ways.flatMap(([way, options]) =>
  valid.map(([sentence, sent, expected]): Row => [
    `${capitalised(sentence)}${way}: accepted`,
    exchange(sent, expected, options),
  ]),
);

const refused = ways.flatMap(([way, options]) =>
  invalid.map(([sentence, before, sent]): Row => [
    `${capitalised(sentence)}${way}: 1002`,
    dialogue([before, [sent, [close(1002)]]], options),
  ]),
);

function capitalised(sentence: string): string {
  return `${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`;
}

const counts = kinds.flatMap((kind) =>
  [2, 3, 5, 10, 100, 1_000].flatMap((count) =>
    [1, 64, 1_000].map((size): Row => {
      const payload = kind.make(count * size);
      return [
        `A ${kind.name} message in ${count} fragments of ${size} bytes is echoed`,
        exchange(fragments(kind.opcode, payload, size), [kind.expected(payload)]),
      ];
    }),
  ),
);

const own: readonly Row[] = [
  [
    "What it sends in fragments is one message",
    exchange([{ opcode: 1, payload: "fragments one two three" }], [text("onetwothree")], { task: "obey" }),
  ],
  [
    "What it sends in one fragment is one message",
    exchange([{ opcode: 1, payload: "fragments one" }], [text("one")], { task: "obey" }),
  ],
  [
    "What it sends at once comes in its order",
    exchange(
      [{ opcode: 1, payload: "messages 1000" }],
      range(0, 999).map((n) => text(String(n))),
      {
        task: "obey",
      },
    ),
  ],
];

export const fragmentation = both("Fragmentation", "RFC 6455 §5.4", [
  family("G1", "Fragments in their order", accepted),
  family("G2", "Fragments out of their order", refused),
  family("G3", "Many fragments", counts),
  family("G4", "Its own fragments and messages", own),
]);
