import assert from "node:assert/strict";
import { Buffer, isUtf8 } from "node:buffer";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { Utf8Validator } from "#src/protocol/utf8.js";

/** A prefix and suffix long enough for the fast way. */
const LONG = Buffer.from("a".repeat(100));

const INVALID: ReadonlyArray<readonly [what: string, bytes: string]> = [
  ["a continuation without a beginning", "80"],
  ["an overlong form of two bytes", "c0"],
  ["another overlong form of two bytes", "c1"],
  ["an overlong form of three bytes", "e09f"],
  ["an overlong form of four bytes", "f08f"],
  ["a high surrogate", "eda0"],
  ["a low surrogate", "edbf"],
  ["a code point above 10FFFF", "f490"],
  ["a first byte that none may begin with", "f5"],
  ["the byte FF", "ff"],
  ["two bytes cut short by ASCII", "c361"],
  ["three bytes cut short by another beginning", "e282c3"],
  ["four bytes cut short by a byte above BF", "f09f98c0"],
];

const VALID = [
  "",
  "a",
  "é",
  "€",
  "😀",
  "\u0000",
  "\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}",
  "\ufeff",
];

function hex(bytes: string): Buffer {
  return Buffer.from(bytes, "hex");
}

/** What the platform says about the whole. */
function isValid(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether some bytes after these could make them valid, as the platform's streaming decoder sees it. */
function canBecomeValid(bytes: Uint8Array): boolean {
  const tails = ["", "80", "8080", "808080", "bf", "bf80", "bf8080"];
  return tails.some((tail) => isValid(Buffer.concat([bytes, hex(tail)])));
}

/** Pushes the parts; the number of those that were accepted. */
function pushAll(validator: Utf8Validator, parts: readonly Uint8Array[]): number {
  let accepted = 0;
  for (const part of parts) {
    if (!validator.push(part)) return accepted;
    accepted++;
  }
  return accepted;
}

function split(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (const size of sizes) {
    parts.push(bytes.subarray(start, start + size));
    start += size;
  }
  parts.push(bytes.subarray(start));
  return parts;
}

/** Random bytes, mostly of valid text, some long enough for the fast way. */
const bytesOf = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .string({ unit: fc.constantFrom(...VALID), maxLength: 20 })
          .map((text) => Buffer.from(text)),
      },
      { weight: 1, arbitrary: fc.constant(LONG) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)) },
    ),
    { maxLength: 4 },
  )
  .map((parts) => Buffer.concat(parts));

describe("text in one piece", () => {
  for (const text of VALID) {
    test(`${JSON.stringify(text)} is valid, short or long`, () => {
      for (const bytes of [Buffer.from(text), Buffer.concat([LONG, Buffer.from(text)])]) {
        const validator = new Utf8Validator();
        assert.ok(validator.push(bytes));
        assert.ok(!validator.pending);
        assert.ok(validator.finish());
      }
    });
  }

  test("only the bytes from start to end count", () => {
    const validator = new Utf8Validator();
    assert.ok(validator.push(hex("ff61e282acff"), 1, 5));
    assert.ok(validator.push(Buffer.concat([hex("ff"), LONG, hex("ff")]), 1, 101));
    assert.ok(validator.finish());
  });
});

describe("hostile 33: a code point split over pieces", () => {
  for (const text of ["é", "€", "😀"]) {
    test(`${text} may be split at any place, before and after long pieces`, () => {
      const bytes = Buffer.from(text);
      for (let cut = 1; cut < bytes.length; cut++) {
        const validator = new Utf8Validator();
        assert.ok(validator.push(Buffer.concat([LONG, bytes.subarray(0, cut)])));
        assert.ok(validator.pending);
        assert.ok(!validator.finish());
        assert.ok(validator.push(Buffer.concat([bytes.subarray(cut), LONG])));
        assert.ok(!validator.pending);
        assert.ok(validator.finish());
      }
    });
  }
});

describe("hostile 34: invalid text", () => {
  for (const [what, bytes] of INVALID) {
    test(`${what} is refused, short or long, in one piece or several`, () => {
      assert.ok(!new Utf8Validator().push(hex(bytes)));
      assert.ok(!new Utf8Validator().push(Buffer.concat([LONG, hex(bytes)])));
      assert.ok(!new Utf8Validator().push(Buffer.concat([LONG, hex(bytes), LONG])));
      const validator = new Utf8Validator();
      const accepted = pushAll(validator, [
        LONG,
        ...[...hex(bytes)].map((byte) => Uint8Array.of(byte)),
        LONG,
      ]);
      assert.equal(accepted, hex(bytes).length, "hostile 35: the last byte is the first that proves it");
    });
  }

  test("text that is cut short in a code point cannot end there", () => {
    for (const bytes of ["c3", "e2", "e282", "f0", "f09f", "f09f98"]) {
      const validator = new Utf8Validator();
      assert.ok(validator.push(hex(bytes)));
      assert.ok(validator.pending);
      assert.ok(!validator.finish());
    }
  });

  test("what completes a code point must be right, also at the start of a long piece", () => {
    const validator = new Utf8Validator();
    assert.ok(validator.push(hex("ed")));
    assert.ok(!validator.push(Buffer.concat([hex("a080"), LONG])));
  });

  test("after a refusal all is refused until reset", () => {
    const validator = new Utf8Validator();
    assert.ok(!validator.push(Buffer.concat([LONG, hex("ff"), LONG])));
    assert.ok(!validator.push(Buffer.from("a")));
    assert.ok(!validator.push(LONG));
    assert.ok(!validator.finish());
    assert.ok(!validator.pending);
    validator.reset();
    assert.ok(validator.push(LONG));
    assert.ok(validator.finish());
  });

  test("reset forgets a code point that was begun, with its bounds", () => {
    const validator = new Utf8Validator();
    assert.ok(validator.push(hex("ed")));
    validator.reset();
    assert.ok(validator.finish());
    assert.ok(validator.push(hex("e2a0bf")));
    assert.ok(validator.finish());
  });
});

describe("against the platform's decoder", () => {
  test("hostile 31: any split of the same bytes gives its verdict", () => {
    fc.assert(
      fc.property(bytesOf, fc.array(fc.nat(120), { maxLength: 8 }), (bytes, sizes) => {
        const validator = new Utf8Validator();
        const parts = split(bytes, sizes);
        const valid = pushAll(validator, parts) === parts.length && validator.finish();
        assert.equal(valid, isValid(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  test("hostile 35: each piece is refused that no further bytes could save, and none before", () => {
    fc.assert(
      fc.property(bytesOf, fc.array(fc.nat(120), { maxLength: 8 }), (bytes, sizes) => {
        const parts = split(bytes, sizes);
        const accepted = pushAll(new Utf8Validator(), parts);
        const prefix = Buffer.concat(parts.slice(0, accepted));
        assert.ok(canBecomeValid(prefix));
        if (accepted < parts.length) assert.ok(!canBecomeValid(Buffer.concat(parts.slice(0, accepted + 1))));
      }),
      { numRuns: 2_000 },
    );
  });

  test("all pairs and triples of telling bytes get the verdict of native code", () => {
    const telling = [
      0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
    ];
    telling.push(0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
    for (const a of telling) {
      for (const b of telling) {
        for (const c of telling) {
          const bytes = Uint8Array.of(a, b, c, 0x80);
          for (const end of [2, 3, 4]) {
            const validator = new Utf8Validator();
            const valid = validator.push(bytes, 0, end) && validator.finish();
            if (valid !== isUtf8(bytes.subarray(0, end))) assert.fail(`${a} ${b} ${c} to ${end}`);
          }
        }
      }
    }
  });
});

test("hostile 29: a text of 1 MiB in pieces of one byte is checked in linear time", () => {
  const bytes = Buffer.from("😀".repeat(262_144));
  const validator = new Utf8Validator();
  const start = performance.now();
  for (let index = 0; index < bytes.length; index++) assert.ok(validator.push(bytes, index, index + 1));
  assert.ok(validator.finish());
  assert.ok(performance.now() - start < 5_000);
});
