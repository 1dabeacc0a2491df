/** Texts that are UTF-8 and bytes that are not (RFC 3629), for messages and for reasons of close frames. */

import { hex } from "../protocol/frames.js";

export interface ValidText {
  readonly name: string;
  readonly text: string;
}

export interface InvalidText {
  readonly name: string;
  readonly bytes: Buffer;
  /** How many of the bytes prove it; `undefined` if only the end of the message does. */
  readonly provedBy: number | undefined;
}

/** At the boundaries of each length, around the surrogates, and those that are no characters but valid. */
const codePoints = [
  0x00, 0x01, 0x7e, 0x7f, 0x80, 0x81, 0x7fe, 0x7ff, 0x800, 0x801, 0xfff, 0x1000, 0xcfff, 0xd000, 0xd7ff,
  0xe000, 0xfdd0, 0xfeff, 0xfffd, 0xfffe, 0xffff, 0x10000, 0x10001, 0x1fffe, 0x1ffff, 0x3ffff, 0x40000,
  0xfffff, 0x100000, 0x10fffe, 0x10ffff,
];

export const validTexts: readonly ValidText[] = [
  ...codePoints.map((point) => ({
    name: `U+${point.toString(16).toUpperCase().padStart(4, "0")}`,
    text: `a${String.fromCodePoint(point)}z`,
  })),
  { name: "only U+10FFFF", text: "\u{10ffff}" },
  { name: "a byte order mark at the beginning", text: "\uFEFFtext" },
  { name: "Greek", text: "κόσμε" },
  { name: "Japanese", text: "こんにちは世界" },
  { name: "an emoji of several code points", text: "👩‍👩‍👧‍👦" },
  { name: "a combining accent", text: "e\u0301" },
];

/** The bytes before it are a valid text, and so are those behind it. */
function within(name: string, digits: string, provedBy: number): InvalidText {
  const before = Buffer.from("κ");
  const bytes = Buffer.concat([before, hex(digits), Buffer.from("text behind")]);
  return { name, bytes, provedBy: before.length + provedBy };
}

function truncated(name: string, digits: string): InvalidText {
  return { name, bytes: hex(`ce ba ${digits}`), provedBy: undefined };
}

export const invalidTexts: readonly InvalidText[] = [
  within("a lone continuation byte 80", "80", 1),
  within("a lone continuation byte BF", "bf", 1),
  within("64 continuation bytes", "80".repeat(64), 1),
  within("a continuation byte too many", "c3 a9 80", 3),
  within("an overlong / in two bytes", "c0 af", 1),
  within("an overlong U+0000 in two bytes", "c0 80", 1),
  within("an overlong U+007F in two bytes", "c1 bf", 1),
  within("an overlong / in three bytes", "e0 80 af", 2),
  within("an overlong U+07FF in three bytes", "e0 9f bf", 2),
  within("an overlong / in four bytes", "f0 80 80 af", 2),
  within("an overlong U+FFFF in four bytes", "f0 8f bf bf", 2),
  within("an overlong / in five bytes", "f8 80 80 80 af", 1),
  within("an overlong / in six bytes", "fc 80 80 80 80 af", 1),
  within("the surrogate U+D800", "ed a0 80", 2),
  within("the surrogate U+DB7F", "ed ad bf", 2),
  within("the surrogate U+DBFF", "ed af bf", 2),
  within("the surrogate U+DC00", "ed b0 80", 2),
  within("the surrogate U+DFFF", "ed bf bf", 2),
  within("a pair of surrogates", "ed a0 80 ed b0 80", 2),
  within("U+110000, which is too high", "f4 90 80 80", 2),
  within("U+13FFFF, which is too high", "f4 bf bf bf", 2),
  within("U+140000, which is too high", "f5 80 80 80", 1),
  within("the byte F7", "f7 bf bf bf", 1),
  within("the byte F8", "f8", 1),
  within("the byte FE", "fe", 1),
  within("the byte FF", "ff", 1),
  within("two bytes, cut short by another character", "c3", 2),
  within("three bytes, cut short after one", "e2", 2),
  within("three bytes, cut short after two", "e2 82", 3),
  within("four bytes, cut short after one", "f0", 2),
  within("four bytes, cut short after two", "f0 9f", 3),
  within("four bytes, cut short after three", "f0 9f 98", 4),
  within("the first bytes of all lengths in a row", "c3 e2 f0", 2),
  truncated("two bytes, cut short by the end after one", "c3"),
  truncated("three bytes, cut short by the end after one", "e2"),
  truncated("three bytes, cut short by the end after two", "e2 82"),
  truncated("four bytes, cut short by the end after one", "f0"),
  truncated("four bytes, cut short by the end after two", "f0 9f"),
  truncated("four bytes, cut short by the end after three", "f0 9f 98"),
];
