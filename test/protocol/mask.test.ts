import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { applyMask, rotateKey } from "#src/protocol/mask.js";
import { hex, KEY, xor } from "./frames.js";

const KEYS = [0, KEY, -1, 0x80, 0x01020304, -2_139_062_144];

/** Bytes at an offset of `skew` into their memory, so that words in them are aligned or not. */
function skewed(bytes: Uint8Array, skew: number): Uint8Array {
  const memory = new Uint8Array(skew + bytes.length + 8);
  memory.set(bytes, skew);
  return memory.subarray(skew, skew + bytes.length);
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function countingBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_none, index) => index * 37 + 11);
}

/** Masks one range and compares everything with the plain way. */
function check(bytes: Uint8Array, start: number, end: number, key: number): void {
  const masked = Buffer.from(bytes);
  const expected = Buffer.concat([masked.subarray(0, start), xor(masked.subarray(start, end), key)]);
  const range = expected.subarray(start);
  const ascii = applyMask(bytes, start, end, key);
  const same = Buffer.compare(bytes, Buffer.concat([expected, masked.subarray(end)])) === 0;
  if (!same || ascii !== isAscii(range)) assert.fail(`${start} to ${end}, at ${bytes.byteOffset}, by ${key}`);
}

describe("masking", () => {
  test("the example of RFC 6455 §5.7 comes out as it stands there", () => {
    const bytes = Buffer.from("Hello");
    assert.ok(!applyMask(bytes, 0, 5, KEY));
    assert.deepEqual(bytes, hex("7f 9f 4d 51 58"));
    assert.ok(applyMask(bytes, 0, 5, KEY));
    assert.equal(bytes.toString(), "Hello");
  });

  test("hostile 31: at every alignment, start and length the bytes and the verdict on ASCII are those of a plain XOR", () => {
    for (const length of [...Array.from({ length: 90 }, (_none, index) => index), 127, 128, 129, 1_000]) {
      const original = countingBytes(length + 12);
      for (let skew = 0; skew < 4; skew++) {
        for (let start = 0; start < 5; start++) check(skewed(original, skew), start, start + length, KEY);
      }
    }
  });

  test("every kind of key works: zero, all ones, the sign bit alone", () => {
    for (const key of KEYS) {
      for (const length of [1, 7, 63, 64, 65, 300]) check(skewed(countingBytes(length), 3), 0, length, key);
    }
  });

  test("no byte outside of the range is touched", () => {
    const bytes = Buffer.alloc(300);
    applyMask(bytes, 101, 201, -1);
    for (const [index, byte] of bytes.entries()) {
      assert.equal(byte, index >= 101 && index < 201 ? 0xff : 0, String(index));
    }
  });

  test("a single byte that is not ASCII is seen wherever it stands", () => {
    for (const length of [1, 2, 5, 63, 64, 66, 79, 131]) {
      for (let place = 0; place < length; place++) {
        for (let skew = 0; skew < 4; skew++) {
          const bytes = skewed(new Uint8Array(length).fill(0x61), skew);
          bytes[place] = 0x80;
          bytes.set(xor(bytes, KEY));
          assert.equal(applyMask(bytes, 0, length, KEY), false, `${place} of ${length}, at ${skew}`);
        }
      }
    }
  });

  test("text that is all ASCII is seen to be so, from the lowest to the highest character", () => {
    for (let length = 0; length < 200; length++) {
      for (const byte of [0, 0x61, 0x7f]) {
        assert.ok(applyMask(xor(new Uint8Array(length).fill(byte), KEY), 0, length, KEY));
      }
    }
  });

  test("hostile 32: twice gives the original, whatever the bytes, range, alignment and key", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.nat(7),
        fc.nat(400),
        fc.nat(400),
        fc.integer(),
        (original, skew, from, to, key) => {
          const start = Math.min(from, original.length);
          const end = Math.max(start, Math.min(to, original.length));
          const bytes = skewed(original, skew);
          check(bytes, start, end, key);
          assert.equal(applyMask(bytes, start, end, key), isAscii(original.subarray(start, end)));
          assert.deepEqual(Buffer.from(bytes), Buffer.from(original));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("a key for what goes on", () => {
  test("the key turns by one byte for each byte masked", () => {
    assert.equal(rotateKey(KEY, 0), KEY);
    assert.equal(rotateKey(KEY, 1), 0x373d21fa);
    assert.equal(rotateKey(KEY, 2) >>> 0, 0xfa373d21);
    assert.equal(rotateKey(KEY, 3), 0x21fa373d);
    assert.equal(rotateKey(KEY, 4), KEY);
    assert.equal(rotateKey(KEY, 2 ** 32 + 1), rotateKey(KEY, 1));
  });

  test("hostile 31: a payload masked in pieces is the same as masked at once", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.nat(150), { maxLength: 6 }),
        fc.integer(),
        (original, sizes, key) => {
          const bytes = Buffer.from(original);
          let at = 0;
          let rotated = key;
          for (const size of [...sizes, original.length]) {
            const end = Math.min(at + size, bytes.length);
            applyMask(bytes, at, end, rotated);
            rotated = rotateKey(rotated, end - at);
            at = end;
          }
          assert.deepEqual(bytes, xor(original, key));
        },
      ),
    );
  });
});
