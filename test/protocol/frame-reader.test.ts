import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { CloseCode, failure } from "#src/protocol/close-code.js";
import { FrameReader } from "#src/protocol/frame-reader.js";
import { Opcode, type Role } from "#src/protocol/opcode.js";
import {
  buildFrame,
  buildFrames,
  bytewise,
  type FrameNote,
  FrameRecorder,
  type FrameSpec,
  hex,
  KEY,
  ROLES,
  split,
} from "./frames.js";

const TEXT = { opcode: Opcode.text, payload: "Hello" };
const TOO_BIG = failure(CloseCode.messageTooBig, "too big");
/** RSV1, RSV2, RSV3 and their mixtures, without none. */
const RESERVED = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70];
const RESERVED_OPCODES = [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf];
const CONTROLS = [Opcode.close, Opcode.ping, Opcode.pong];

interface Reading {
  readonly sink: FrameRecorder;
  readonly reader: FrameReader;
}

function reading(role: Role, compression = false): Reading {
  const sink = new FrameRecorder();
  return { sink, reader: new FrameReader(sink, { role, compression }) };
}

/** Reads the frames whole, and again byte by byte; both must give the same payloads. */
function read(role: Role, specs: readonly FrameSpec[], compression = false): Reading {
  const bytes = buildFrames(role, specs);
  const whole = reading(role, compression);
  assert.equal(whole.reader.push(Buffer.from(bytes)), bytes.length);
  const slow = reading(role, compression);
  for (const byte of bytewise(Buffer.from(bytes))) assert.equal(slow.reader.push(byte), 1);
  assert.deepEqual(slow.sink.payloads, whole.sink.payloads);
  assert.deepEqual(begins(slow.sink), begins(whole.sink));
  assert.deepEqual(slow.reader.failure, whole.reader.failure);
  return whole;
}

function begins(sink: FrameRecorder): FrameNote[] {
  return sink.notes.filter(([name]) => name === "begin");
}

/** How many bytes it takes until the reading fails with 1002. */
function bytesUntilRefusal(role: Role, bytes: Buffer, compression = false): number {
  const { reader } = reading(role, compression);
  let count = 0;
  for (const byte of bytewise(Buffer.from(bytes))) {
    assert.equal(reader.failure, undefined);
    reader.push(byte);
    count++;
    if (reader.done) break;
  }
  assert.equal(reader.failure?.code, CloseCode.protocolError, bytes.subarray(0, 16).toString("hex"));
  // The same in one piece.
  const { reader: whole } = reading(role, compression);
  assert.equal(whole.push(Buffer.from(bytes)), bytes.length);
  assert.deepEqual(whole.failure, reader.failure);
  return count;
}

for (const role of ROLES) {
  describe(`a ${role}'s frame reader`, () => {
    describe("what is valid", () => {
      test("a frame is announced with its header, then its payload comes, unmasked", () => {
        const { sink, reader } = reading(role);
        const bytes = buildFrame(role, TEXT);
        assert.equal(reader.push(bytes), bytes.length);
        assert.deepEqual(sink.notes, [
          ["begin", Opcode.text, true, false, 5],
          ["payload", Buffer.from("Hello"), true],
        ]);
        assert.equal(reader.failure, undefined);
        assert.ok(!reader.done);
      });

      test("a frame without payload is told as one with an empty payload, as soon as its header is there", () => {
        for (const opcode of [Opcode.text, Opcode.binary, Opcode.close, Opcode.ping, Opcode.pong]) {
          const { sink } = read(role, [{ opcode }]);
          assert.deepEqual(sink.notes, [
            ["begin", opcode, true, false, 0],
            ["payload", Buffer.alloc(0), true],
          ]);
        }
      });

      test("all six opcodes of RFC 6455 are taken, in a valid order", () => {
        const opcodes = [1, 0, 9, 0, 2, 10, 0, 8];
        const { sink, reader } = read(
          role,
          opcodes.map((opcode, index) => ({ opcode, fin: opcode >= 8 || index === 3 || index === 6 })),
        );
        assert.equal(reader.failure, undefined);
        assert.deepEqual(
          begins(sink).map(([, opcode]) => opcode),
          opcodes,
        );
      });

      test("only the bytes from start to end are read, and only payload is changed", () => {
        const frame = buildFrame(role, TEXT);
        const chunk = Buffer.concat([hex("ff ff"), frame, hex("ff ff")]);
        const { sink, reader } = reading(role);
        assert.equal(reader.push(chunk, 2, chunk.length - 2), chunk.length - 2);
        assert.deepEqual(sink.payloads, [Buffer.from("Hello")]);
        const header = frame.length - 5;
        assert.deepEqual(
          chunk,
          Buffer.concat([hex("ff ff"), frame.subarray(0, header), hex("48656c6c6f ff ff")]),
        );
      });

      test("nothing is done with an empty chunk", () => {
        const { sink, reader } = reading(role);
        assert.equal(reader.push(Buffer.alloc(0)), 0);
        assert.equal(reader.push(hex("ff ff"), 2), 2);
        assert.deepEqual(sink.notes, []);
        assert.ok(!reader.done);
      });

      test("all bytes are known to be ASCII only where unmasking showed it", () => {
        for (const text of ["x".repeat(20), "x".repeat(200)]) {
          assert.deepEqual(read(role, [{ ...TEXT, payload: text }]).sink.ascii, [role === "server"]);
          assert.deepEqual(read(role, [{ ...TEXT, payload: `${text}é` }]).sink.ascii, [false]);
        }
      });
    });

    describe("lengths", () => {
      for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 65_537]) {
        test(`hostile 31: a payload of ${length} bytes is the same in one piece, in two, and in many`, () => {
          const payload = Buffer.alloc(length, "The quick brown fox. ");
          const bytes = buildFrame(role, { opcode: Opcode.binary, payload });
          for (const sizes of [
            [],
            [bytes.length - 1],
            [1, 1, 3, 9, 4],
            Array.from({ length: 100 }, () => 1_000),
          ]) {
            const { sink, reader } = reading(role);
            for (const part of split(Buffer.from(bytes), sizes)) assert.equal(reader.push(part), part.length);
            assert.deepEqual(sink.notes[0], ["begin", Opcode.binary, true, false, length]);
            assert.deepEqual(sink.payloads, [payload]);
          }
        });
      }

      test("hostile 23: a length of 16 bits below 126 is refused at its last byte", () => {
        for (const length of [0, 1, 125]) {
          const bytes = buildFrame(role, { opcode: Opcode.binary, length, lengthBytes: 2 });
          assert.equal(bytesUntilRefusal(role, bytes), 4);
        }
      });

      test("hostile 23: a length of 64 bits below 65,536 is refused at its last byte", () => {
        for (const length of [0, 125, 126, 65_535]) {
          const bytes = buildFrame(role, { opcode: Opcode.binary, length, lengthBytes: 8 });
          assert.equal(bytesUntilRefusal(role, bytes), 10);
        }
      });

      test("hostile 23: a length of 64 bits with the top bit set is refused at its first byte", () => {
        for (const length of [2n ** 63n, 2n ** 63n + 65_536n, 2n ** 64n - 1n]) {
          assert.equal(bytesUntilRefusal(role, buildFrame(role, { opcode: Opcode.binary, length })), 3);
        }
      });

      test("hostile 24: every length up to 2^63−1 is announced to the sink, before any payload", () => {
        for (const length of [
          2n ** 32n - 1n,
          2n ** 32n,
          2n ** 53n - 1n,
          2n ** 53n,
          2n ** 62n,
          2n ** 63n - 1n,
        ]) {
          const { sink } = read(role, [{ opcode: Opcode.binary, length }]);
          assert.deepEqual(sink.notes[0], ["begin", Opcode.binary, true, false, Number(length)]);
          assert.deepEqual(sink.payloads, []);
        }
      });

      test("hostile 24: where the sink refuses a length, the reading ends at the last byte of the length", () => {
        for (const [length, count] of [
          [100, 2],
          [1_000, 4],
          [100_000, 10],
          [2n ** 63n - 1n, 10],
        ] as const) {
          const { sink, reader } = reading(role);
          sink.onBegin = () => TOO_BIG;
          const bytes = buildFrame(role, { opcode: Opcode.binary, length });
          for (const byte of bytewise(bytes.subarray(0, count - 1))) reader.push(byte);
          assert.ok(!reader.done);
          assert.equal(reader.push(Buffer.concat([bytes, bytes]), count - 1), 2 * bytes.length);
          assert.equal(reader.failure, TOO_BIG);
          assert.ok(reader.done);
          assert.deepEqual(sink.notes, [["begin", Opcode.binary, true, false, Number(length)]]);
        }
      });
    });

    describe("what is refused with 1002, at the first byte that proves it", () => {
      test("hostile 21: a frame that is masked for a client or unmasked for a server", () => {
        for (const opcode of [Opcode.text, Opcode.binary, ...CONTROLS]) {
          for (const payload of ["", "Hello", "x".repeat(100)]) {
            const bytes = buildFrame(role, { opcode, payload, masked: role === "client" });
            assert.equal(bytesUntilRefusal(role, bytes), 2);
          }
        }
      });

      test("hostile 22: RSV1, RSV2 or RSV3 without an extension, at the first byte of any frame", () => {
        for (const reserved of RESERVED) {
          for (const opcode of [Opcode.text, Opcode.binary, ...CONTROLS]) {
            assert.equal(bytesUntilRefusal(role, buildFrame(role, { ...TEXT, opcode, reserved })), 1);
          }
        }
      });

      test("hostile 22: RSV2 or RSV3 although compression was negotiated", () => {
        for (const reserved of RESERVED) {
          if (reserved === 0x40) continue;
          assert.equal(bytesUntilRefusal(role, buildFrame(role, { ...TEXT, reserved }), true), 1);
        }
      });

      test("hostile 22: opcodes 3–7 and B–F, whatever the flags, whether inside of a message or not", () => {
        for (const opcode of RESERVED_OPCODES) {
          for (const fin of [true, false]) {
            const bytes = buildFrame(role, { opcode, fin });
            assert.equal(bytesUntilRefusal(role, bytes), 1);
            const begun = buildFrame(role, { ...TEXT, fin: false });
            assert.equal(bytesUntilRefusal(role, Buffer.concat([begun, bytes])), begun.length + 1);
            assert.equal(bytesUntilRefusal(role, buildFrame(role, { opcode, reserved: 0x40 }), true), 1);
          }
        }
      });

      test("hostile 47: RSV1 on a control frame or a continuation although compression was negotiated", () => {
        for (const opcode of CONTROLS) {
          assert.equal(bytesUntilRefusal(role, buildFrame(role, { opcode, reserved: 0x40 }), true), 1);
        }
        const begun = buildFrame(role, { ...TEXT, fin: false, reserved: 0x40 });
        const next = buildFrame(role, { opcode: Opcode.continuation, reserved: 0x40 });
        assert.equal(bytesUntilRefusal(role, Buffer.concat([begun, next]), true), begun.length + 1);
      });

      test("hostile 25: a control frame over 125 bytes, at its second byte", () => {
        for (const opcode of CONTROLS) {
          assert.equal(read(role, [{ opcode, payload: "x".repeat(125) }]).reader.failure, undefined);
          for (const length of [126, 127, 65_535, 65_536]) {
            assert.equal(bytesUntilRefusal(role, buildFrame(role, { opcode, length })), 2);
          }
          assert.equal(bytesUntilRefusal(role, buildFrame(role, { opcode, length: 5, lengthBytes: 2 })), 2);
        }
      });

      test("hostile 25: a fragmented control frame, at its first byte", () => {
        for (const opcode of CONTROLS) {
          assert.equal(bytesUntilRefusal(role, buildFrame(role, { opcode, fin: false })), 1);
        }
      });

      test("hostile 26: a continuation with nothing to continue, at the start and after messages", () => {
        for (const fin of [true, false]) {
          const next = buildFrame(role, { opcode: Opcode.continuation, fin });
          assert.equal(bytesUntilRefusal(role, next), 1);
          const messages = buildFrames(role, [
            TEXT,
            { ...TEXT, fin: false },
            { opcode: Opcode.ping },
            { opcode: Opcode.continuation },
            { opcode: Opcode.ping },
          ]);
          assert.equal(bytesUntilRefusal(role, Buffer.concat([messages, next])), messages.length + 1);
        }
      });

      test("hostile 26: a new data frame inside of a message, even after a ping", () => {
        for (const opcode of [Opcode.text, Opcode.binary]) {
          for (const fin of [true, false]) {
            const begun = buildFrames(role, [{ ...TEXT, fin: false }, { opcode: Opcode.ping }]);
            const next = buildFrame(role, { opcode, fin });
            assert.equal(bytesUntilRefusal(role, Buffer.concat([begun, next])), begun.length + 1);
          }
        }
      });
    });

    describe("compression", () => {
      test("RSV1 on the first frame of a message is told, and taken from no other frame", () => {
        const { sink, reader } = read(
          role,
          [
            { ...TEXT, reserved: 0x40, fin: false },
            { opcode: Opcode.ping },
            { opcode: Opcode.continuation },
            { opcode: Opcode.binary, reserved: 0x40 },
            TEXT,
          ],
          true,
        );
        assert.equal(reader.failure, undefined);
        assert.deepEqual(
          begins(sink).map(([, , , compressed]) => compressed),
          [true, false, false, true, false],
        );
      });
    });

    describe("messages in fragments", () => {
      test("hostile 27: control frames between fragments are told where they stand", () => {
        const { sink, reader } = read(role, [
          { opcode: Opcode.text, payload: "a", fin: false },
          { opcode: Opcode.ping, payload: "b" },
          { opcode: Opcode.continuation, payload: "c", fin: false },
          { opcode: Opcode.pong, payload: "d" },
          { opcode: Opcode.continuation, payload: "e" },
        ]);
        assert.equal(reader.failure, undefined);
        assert.deepEqual(sink.payloads.map(String), ["a", "b", "c", "d", "e"]);
      });
    });

    describe("pausing and stopping", () => {
      const frames = [TEXT, { opcode: Opcode.ping, payload: "b" }, { opcode: Opcode.binary, payload: "c" }];
      const bytes = buildFrames(role, frames);
      const ends = frames.map((_frame, index) => buildFrames(role, frames.slice(0, index + 1)).length);

      test("a pause from the sink ends the push behind the current frame; the rest may be pushed later", () => {
        for (const hook of ["onBegin", "onPayload"] as const) {
          const { sink, reader } = reading(role);
          sink[hook] = () => {
            reader.pause();
            return undefined;
          };
          const chunk = Buffer.concat([hex("ff"), bytes, hex("ff")]);
          let at = 1;
          for (const [index, end] of ends.entries()) {
            at = reader.push(chunk, at, bytes.length + 1);
            assert.equal(at, end + 1);
            assert.equal(sink.payloads.length, index + 1);
          }
          assert.deepEqual(sink.payloads.map(String), ["Hello", "b", "c"]);
          assert.ok(!reader.done);
        }
      });

      test("a pause in the middle of a frame holds what follows that frame's part of the chunk", () => {
        const { sink, reader } = reading(role);
        sink.onBegin = () => {
          reader.pause();
          return undefined;
        };
        assert.equal(reader.push(Buffer.from(bytes.subarray(0, 3))), 3);
        sink.onBegin = undefined;
        assert.equal(reader.push(Buffer.from(bytes.subarray(3))), bytes.length - 3);
        assert.deepEqual(sink.payloads.map(String), ["Hello", "b", "c"]);
      });

      test("a pause before a push does not hold it", () => {
        const { sink, reader } = reading(role);
        reader.pause();
        assert.equal(reader.push(Buffer.from(bytes)), bytes.length);
        assert.equal(sink.payloads.length, 3);
      });

      test("hostile 39: stop, called from the sink, passes over the rest of the chunk and all later ones", () => {
        for (const hook of ["onBegin", "onPayload"] as const) {
          const { sink, reader } = reading(role);
          sink[hook] = () => {
            reader.stop();
            return undefined;
          };
          assert.equal(reader.push(Buffer.from(bytes)), bytes.length);
          const noted = sink.notes.length;
          assert.equal(noted, hook === "onBegin" ? 1 : 2);
          assert.equal(reader.push(Buffer.from(bytes)), bytes.length);
          assert.equal(reader.push(hex("ff ff ff"), 1, 2), 2);
          assert.equal(sink.notes.length, noted);
          assert.ok(reader.done);
          assert.equal(reader.failure, undefined);
        }
      });

      test("stop wins over pause", () => {
        const { sink, reader } = reading(role);
        sink.onPayload = () => {
          reader.pause();
          reader.stop();
          return undefined;
        };
        assert.equal(reader.push(Buffer.from(bytes)), bytes.length);
        assert.deepEqual(sink.payloads.map(String), ["Hello"]);
      });

      test("stop between two pushes leaves a frame unfinished", () => {
        const { sink, reader } = reading(role);
        reader.push(Buffer.from(bytes.subarray(0, (ends[0] as number) - 1)));
        reader.stop();
        assert.equal(reader.push(Buffer.from(bytes)), bytes.length);
        assert.deepEqual(sink.payloads, []);
      });

      test("a refusal from the sink at a payload ends the reading with that failure", () => {
        const { sink, reader } = reading(role);
        sink.onPayload = (last) => (last ? TOO_BIG : undefined);
        assert.equal(reader.push(Buffer.from(bytes)), bytes.length);
        assert.equal(reader.failure, TOO_BIG);
        assert.ok(reader.done);
        assert.equal(reader.push(Buffer.from(bytes)), bytes.length);
        assert.deepEqual(sink.payloads.map(String), ["Hello"]);
      });

      test("after a failure nothing more is told, and all is passed over", () => {
        const { sink, reader } = reading(role);
        assert.equal(reader.push(Buffer.concat([hex("f1"), bytes])), bytes.length + 1);
        assert.equal(reader.push(Buffer.from(bytes)), bytes.length);
        assert.deepEqual(sink.notes, []);
        assert.equal(reader.failure?.code, CloseCode.protocolError);
      });
    });
  });
}

test("every first byte gets the same verdict in both roles, with and without compression, in and out of a message", () => {
  for (let first = 0; first < 256; first++) {
    for (const compression of [false, true]) {
      for (const begun of [false, true]) {
        const failures = ROLES.map((role) => {
          const { reader } = reading(role, compression);
          if (begun) reader.push(buildFrame(role, { ...TEXT, fin: false }));
          reader.push(Buffer.of(first));
          return reader.failure;
        });
        assert.deepEqual(failures[0], failures[1]);
        const opcode = first & 0x0f;
        const data =
          opcode <= 2 && (opcode === 0) === begun && (opcode === 0 ? first & 0x70 : first & 0x30) === 0;
        const plain = (first & 0x70) === 0 || compression;
        const control = opcode >= 8 && opcode <= 10 && (first & 0xf0) === 0x80;
        assert.equal(failures[0] === undefined, (data && plain) || control, first.toString(16));
      }
    }
  }
});

test("hostile 31: the mask key is right after every split of a long payload", () => {
  const payload = Buffer.alloc(200, "0123456789abcdefg");
  const bytes = buildFrame("server", { opcode: Opcode.binary, payload, key: KEY });
  for (let first = 0; first <= bytes.length; first++) {
    for (const second of [1, 2, 3, 66]) {
      const { sink, reader } = reading("server");
      for (const part of split(Buffer.from(bytes), [first, second])) reader.push(part);
      assert.deepEqual(sink.payloads, [payload], `${first} and ${second}`);
    }
  }
});

test("options: compression is off unless it is said to be on", () => {
  const reader = new FrameReader(new FrameRecorder(), { role: "client" });
  reader.push(hex("c1"));
  assert.equal(reader.failure?.code, CloseCode.protocolError);
});
