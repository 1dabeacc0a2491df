import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import {
  bytesFrameRoom,
  encodeFrame,
  firstByte,
  textFrameRoom,
  writeBytesFrame,
  writeTextFrame,
} from "#src/protocol/frame-writer.js";
import { Opcode, type Role } from "#src/protocol/opcode.js";
import { buildFrame, type FrameSpec, hex, KEY, ROLES } from "./frames.js";

const FIRST_TEXT = firstByte(Opcode.text, true, false);
const FIRST_BINARY = firstByte(Opcode.binary, true, false);
/** Around the edges of the three forms of a length. */
const SIZES = [0, 1, 40, 41, 42, 63, 64, 124, 125, 126, 127, 65_535, 65_536, 65_537];
/** Characters of one to four bytes of UTF-8. */
const CHARACTERS = ["x", "é", "€", "😀"];
const OFFSET = 7;

/** The frame that a writer of this role sends is the one that a reader of the other one takes. */
function expected(writer: Role, spec: FrameSpec): Buffer {
  return buildFrame(writer === "client" ? "server" : "client", spec);
}

/** Writes into exactly the room that was asked for, and checks that nothing around it is touched. */
function written(room: number, write: (target: Buffer, at: number) => number): Buffer {
  const target = Buffer.alloc(OFFSET + room + OFFSET, 0xee);
  const end = write(target, OFFSET);
  assert.ok(end - OFFSET <= room);
  assert.ok(target.subarray(0, OFFSET).equals(Buffer.alloc(OFFSET, 0xee)));
  assert.ok(target.subarray(OFFSET + room).equals(Buffer.alloc(OFFSET, 0xee)));
  return target.subarray(OFFSET, end);
}

test("the first byte carries FIN, RSV1 for compression, and the opcode", () => {
  assert.equal(firstByte(Opcode.text, true, false), 0x81);
  assert.equal(firstByte(Opcode.text, false, true), 0x41);
  assert.equal(firstByte(Opcode.continuation, false, false), 0x00);
  assert.equal(firstByte(Opcode.pong, true, false), 0x8a);
  assert.equal(firstByte(Opcode.binary, true, true), 0xc2);
});

test("the examples of RFC 6455 §5.7 come out as they stand there", () => {
  const hello = Buffer.from("Hello");
  assert.deepEqual(encodeFrame(0x81, hello), hex("81 05 48 65 6c 6c 6f"));
  assert.deepEqual(encodeFrame(0x81, "Hello"), hex("81 05 48 65 6c 6c 6f"));
  assert.deepEqual(encodeFrame(0x81, hello, KEY), hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
  assert.deepEqual(encodeFrame(0x01, hello.subarray(0, 3)), hex("01 03 48 65 6c"));
  assert.deepEqual(encodeFrame(0x82, Buffer.alloc(256)).subarray(0, 4), hex("82 7e 01 00"));
  assert.deepEqual(encodeFrame(0x82, Buffer.alloc(65_536)).subarray(0, 10), hex("82 7f 0000000000010000"));
});

for (const role of ROLES) {
  const key = role === "client" ? KEY : undefined;

  describe(`a ${role}'s frames`, () => {
    test("hostile 23: bytes of every size get the shortest header, and fit the room", () => {
      for (const size of SIZES) {
        const payload = Buffer.alloc(size, "abcdefg");
        const frame = written(bytesFrameRoom(size), (target, at) =>
          writeBytesFrame(target, at, FIRST_BINARY, payload, key),
        );
        assert.ok(frame.equals(expected(role, { opcode: Opcode.binary, payload })), String(size));
        assert.ok(encodeFrame(FIRST_BINARY, payload, key).equals(frame));
      }
    });

    for (const character of CHARACTERS) {
      test(`hostile 23: text of ${character} of every size gets the shortest header, and fits the room`, () => {
        for (const size of SIZES) {
          const text = character.repeat(size / character.length);
          const frame = written(textFrameRoom(text), (target, at) =>
            writeTextFrame(target, at, FIRST_TEXT, text, key),
          );
          assert.ok(frame.equals(expected(role, { opcode: Opcode.text, payload: text })), String(size));
        }
      });
    }

    test("the longest text that is written before it is measured fits, whatever its characters", () => {
      for (const text of [
        "€".repeat(41),
        "\ud800".repeat(41),
        "\udc00\ud800".repeat(20),
        `${"😀".repeat(20)}€`,
      ]) {
        const frame = written(textFrameRoom(text), (target, at) =>
          writeTextFrame(target, at, FIRST_TEXT, text, key),
        );
        assert.ok(frame.equals(expected(role, { opcode: Opcode.text, payload: text })));
      }
    });

    test("one character outside of ASCII in a long text is written right", () => {
      for (const place of [0, 50, 99]) {
        for (const character of CHARACTERS) {
          const text = `${"x".repeat(place)}${character}${"x".repeat(99 - place)}`;
          const frame = written(textFrameRoom(text), (target, at) =>
            writeTextFrame(target, at, FIRST_TEXT, text, key),
          );
          assert.ok(frame.equals(expected(role, { opcode: Opcode.text, payload: text })));
        }
      }
    });

    test("hostile 34: lone surrogates are sent as U+FFFD, in short text and long", () => {
      for (const text of ["\ud800", `\udc00${"x".repeat(100)}`, `${"x".repeat(200)}\ud83d`]) {
        const frame = written(textFrameRoom(text), (target, at) =>
          writeTextFrame(target, at, FIRST_TEXT, text, key),
        );
        const payload = text.replaceAll(/\p{Surrogate}/gu, "\ufffd");
        assert.ok(frame.equals(expected(role, { opcode: Opcode.text, payload })));
      }
    });

    test("what is sent is a copy: the payload of the app is neither masked nor kept", () => {
      const payload = Buffer.alloc(100, "x");
      const frame = encodeFrame(FIRST_BINARY, payload, key);
      assert.ok(payload.equals(Buffer.alloc(100, "x")));
      payload.fill("y");
      assert.ok(frame.equals(expected(role, { opcode: Opcode.binary, payload: "x".repeat(100) })));
    });

    test("frames that are written one after the other stand without a gap", () => {
      const target = Buffer.alloc(1_000);
      let at = writeTextFrame(target, 3, FIRST_TEXT, "short", key);
      at = writeBytesFrame(target, at, firstByte(Opcode.ping, true, false), new Uint8Array(0), key);
      at = writeTextFrame(target, at, FIRST_TEXT, "long ".repeat(30), key);
      const specs = [
        { opcode: Opcode.text, payload: "short" },
        { opcode: Opcode.ping },
        { opcode: Opcode.text, payload: "long ".repeat(30) },
      ];
      assert.ok(target.subarray(3, at).equals(Buffer.concat(specs.map((spec) => expected(role, spec)))));
    });
  });
}

test("every kind of mask key is written as it is used: zero, all ones, above the sign bit", () => {
  for (const key of [0, -1, 0xffffffff, 0x80000000, -0x80000000, 0x01020304]) {
    const frame = encodeFrame(FIRST_TEXT, Buffer.from("Hello"), key);
    assert.deepEqual(frame, buildFrame("server", { opcode: Opcode.text, payload: "Hello", key }));
  }
});

test("a size beyond 32 bits is written in both halves of its field", () => {
  const target = Buffer.alloc(14);
  // No such payload is made here; copying it fails, after the header was written.
  const payload = { length: 3 * 2 ** 32 + 5 } as Uint8Array;
  assert.throws(() => writeBytesFrame(target, 0, FIRST_BINARY, payload), RangeError);
  assert.deepEqual(target.subarray(0, 10), hex("82 7f 00000003 00000005"));
});
