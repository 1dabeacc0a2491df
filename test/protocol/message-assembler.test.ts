import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { CloseCode, encodeClosePayload, failure } from "#src/protocol/close-code.js";
import { MessageAssembler } from "#src/protocol/message-assembler.js";
import { Opcode, type Role } from "#src/protocol/opcode.js";
import {
  buildFrame,
  buildFrames,
  bytewise,
  Endpoint,
  type EndpointOptions,
  type FrameSpec,
  hex,
  type MessageNote,
  outcome,
  ROLES,
  split,
} from "./frames.js";

const { binary, close, continuation, ping, pong, text } = Opcode;
const KIB = 1024;
const MIB = 1024 * KIB;

/** What must not become a string: the bytes, and how many of them prove it. */
const INVALID_TEXT: ReadonlyArray<readonly [what: string, bytes: string, proof: number]> = [
  ["an overlong form", "c0 af", 1],
  ["an overlong form of three bytes", "e0 80 80", 2],
  ["a surrogate", "ed a0 80", 2],
  ["a code point above 10FFFF", "f4 90 80 80", 2],
  ["a continuation alone", "80", 1],
  ["a code point with ASCII inside", "c3 61 a9", 2],
  ["a longer code point with ASCII inside", "f0 9f 61 98 80", 3],
];

/** The notes and the failure of these frames, which must be the same whole, byte by byte and in fives. */
function receive(
  role: Role,
  specs: readonly FrameSpec[],
  options?: EndpointOptions,
): { notes: readonly MessageNote[]; code: number | undefined } {
  const bytes = buildFrames(role, specs);
  const [notes, problem] = outcome(role, [bytes], options);
  assert.deepEqual(outcome(role, bytewise(bytes), options), [notes, problem]);
  const fives = Array.from(bytes, () => 5);
  assert.deepEqual(outcome(role, split(bytes, fives), options), [notes, problem]);
  return { notes, code: problem?.code };
}

/** A message in fragments of these payloads. */
function fragments(opcode: number, payloads: ReadonlyArray<Uint8Array | string>): FrameSpec[] {
  return payloads.map((payload, index) => ({
    opcode: index === 0 ? opcode : continuation,
    fin: index === payloads.length - 1,
    payload,
  }));
}

/** How many bytes of buffers a task asks for, and does not give back. */
function bytesTaken(task: () => unknown): number {
  const before = process.memoryUsage().arrayBuffers;
  const kept = task();
  const taken = process.memoryUsage().arrayBuffers - before;
  assert.ok(kept !== undefined);
  return taken;
}

for (const role of ROLES) {
  describe(`messages to a ${role}`, () => {
    describe("what is valid", () => {
      test("text becomes a string, binary becomes bytes, short or long", () => {
        for (const payload of ["", "x", "é€😀", "x".repeat(300), "é€😀".repeat(100), "\ufeffx"]) {
          assert.deepEqual(receive(role, [{ opcode: text, payload }]).notes, [["text", payload]]);
          const bytes = Buffer.from(payload);
          assert.deepEqual(receive(role, [{ opcode: binary, payload }]).notes, [["binary", bytes]]);
        }
      });

      test("the bytes of a message are its own, whether they came whole, in segments or in fragments", () => {
        // The endpoint spoils each chunk after it was pushed.
        const payload = Buffer.alloc(200, "abc");
        const whole = new Endpoint(role).push(buildFrame(role, { opcode: binary, payload }));
        const pieces = new Endpoint(role).pushAll(
          split(buildFrame(role, { opcode: binary, payload }), [50, 50]),
        );
        const joined = new Endpoint(role).push(buildFrames(role, fragments(binary, [payload, payload])));
        joined.push(buildFrame(role, { opcode: binary, payload: "next" }));
        assert.deepEqual(whole.notes, [["binary", payload]]);
        assert.deepEqual(pieces.notes, [["binary", payload]]);
        assert.deepEqual(joined.notes[0], ["binary", Buffer.concat([payload, payload])]);
      });

      test("messages that follow one another share nothing: type, text, compression and sizes start anew", () => {
        const { notes, code } = receive(
          role,
          [
            ...fragments(text, ["é", "", "x"]),
            ...fragments(binary, [hex("ff"), hex("c3")]),
            { opcode: text, payload: "plain" },
            ...fragments(text, ["", "late"]),
            { opcode: text, payload: "deflated", reserved: 0x40 },
            ...fragments(text, ["a", "b"]),
            { opcode: text },
            { opcode: binary },
          ],
          { compression: true, maxMessageSize: 8 },
        );
        assert.equal(code, undefined);
        assert.deepEqual(notes, [
          ["text", "éx"],
          ["binary", hex("ff c3")],
          ["text", "plain"],
          ["text", "late"],
          ["compressed text", Buffer.from("deflated")],
          ["text", "ab"],
          ["text", ""],
          ["binary", Buffer.alloc(0)],
        ]);
      });

      test("pings and pongs come with their payload, from no byte to 125", () => {
        for (const size of [0, 1, 124, 125]) {
          const payload = Buffer.alloc(size, "ab\xff", "latin1");
          const specs = [ping, pong, ping].map((opcode) => ({ opcode, payload }));
          assert.deepEqual(receive(role, specs).notes, [
            ["ping", payload],
            ["pong", payload],
            ["ping", payload],
          ]);
        }
      });
    });

    describe("sizes", () => {
      test("hostile 24: a message of exactly the maximum is accepted, one byte more is 1009", () => {
        for (const size of [0, 1, 125, 126, 65_535, 65_536, 100_000]) {
          const options = { maxMessageSize: size };
          for (const opcode of [text, binary]) {
            const bytes = buildFrame(role, { opcode, payload: Buffer.alloc(size, "x") });
            for (const parts of [[bytes], split(bytes, [3, 20, size - 10])]) {
              const [notes, problem] = outcome(role, parts, options);
              assert.equal(problem, undefined);
              assert.equal(notes[0]?.[1]?.toString(), "x".repeat(size));
            }
            const over = buildFrame(role, { opcode, payload: Buffer.alloc(size + 1, "x") });
            assert.equal(outcome(role, [over], options)[1]?.code, CloseCode.messageTooBig);
          }
        }
      });

      test("hostile 24: a length over the maximum, up to 2^63−1, is 1009 at the header", () => {
        for (const length of [MIB + 1, 2 ** 31, 2 ** 32, 2n ** 53n, 2n ** 63n - 1n]) {
          for (const opcode of [text, binary]) {
            const header = buildFrame(role, { opcode, length, fin: length !== 2 ** 31 }).subarray(0, 10);
            const endpoint = new Endpoint(role).push(header.subarray(0, 9));
            assert.equal(endpoint.failureCode, undefined);
            endpoint.push(header.subarray(9));
            assert.equal(endpoint.failureCode, CloseCode.messageTooBig);
          }
        }
      });

      test("hostile 24: a thousand headers that announce 1 GiB set nothing aside, and with a byte each not 64 KiB", () => {
        const options = { maxMessageSize: KIB * MIB };
        const header = buildFrame(role, { opcode: binary, length: KIB * MIB });
        const taken = bytesTaken(() =>
          Array.from({ length: 1_000 }, () => new Endpoint(role, options).push(header)),
        );
        assert.ok(taken < 4 * MIB, `${taken} bytes for headers`);
        const takenForBytes = bytesTaken(() =>
          Array.from({ length: 10 }, () => new Endpoint(role, options).push(header).push(hex("00"))),
        );
        assert.ok(takenForBytes < 10 * 64 * KIB + MIB, `${takenForBytes} bytes for a byte each`);
      });

      test("hostile 28: 65,536 fragments of 64 bytes are a message of 4 MiB, with no more memory than it needs", () => {
        const endpoint = new Endpoint(role, { maxMessageSize: 4 * MIB });
        const payload = Buffer.alloc(64, "0123456789");
        const first = buildFrame(role, { opcode: binary, payload, fin: false });
        const next = buildFrame(role, { opcode: continuation, payload, fin: false, key: 0 });
        const last = buildFrame(role, { opcode: continuation, payload, key: 0 });
        const taken = bytesTaken(() => {
          endpoint.push(first);
          // A key of zero leaves the chunk as it is, so that one will do for all.
          for (let count = 1; count < 65_535; count++) endpoint.reader.push(next);
          return endpoint.push(last);
        });
        assert.equal(endpoint.failureCode, undefined);
        const [name, message] = endpoint.notes[0] as readonly ["binary", Buffer];
        assert.equal(name, "binary");
        assert.equal(message.length, 4 * MIB);
        assert.ok(message.equals(Buffer.concat(Array.from({ length: 65_536 }, () => payload))));
        assert.equal(message.buffer.byteLength, 4 * MIB);
        // All buffers on the way there, each twice as big as the one before it, even if none was given back yet.
        assert.ok(taken < 12 * MIB, `${taken} bytes`);
      });

      test("hostile 28: the sum over the maximum is 1009, at the header of the fragment that goes over it", () => {
        const begun = buildFrames(role, fragments(binary, ["x".repeat(60), "x".repeat(40), ""]).slice(0, 2));
        for (const [length, code] of [
          [0, undefined],
          [1, CloseCode.messageTooBig],
          [2n ** 63n - 1n, CloseCode.messageTooBig],
        ] as const) {
          const next = buildFrame(role, { opcode: continuation, length });
          const header = role === "server" ? next.subarray(0, -4) : next;
          assert.equal(outcome(role, [begun, header], { maxMessageSize: 100 })[1]?.code, code);
        }
      });

      test("hostile 28: 1,024 empty fragments are accepted, one more is 1008", () => {
        const empty = buildFrame(role, { opcode: continuation, fin: false });
        for (const [opcode, rest] of [
          [text, 1_023],
          [binary, 1_023],
        ] as const) {
          const endpoint = new Endpoint(role).push(buildFrame(role, { opcode, fin: false }));
          for (let count = 0; count < rest; count++) endpoint.push(empty);
          assert.equal(endpoint.failureCode, undefined);
          endpoint.push(empty);
          assert.equal(endpoint.failureCode, CloseCode.policyViolation);
        }
      });

      test("hostile 28: empty fragments are counted for each message, between others too, and up to the option", () => {
        const message = [
          ...fragments(binary, ["", "a", "", "b", ""]),
          { opcode: ping },
          ...fragments(text, ["x", "", "", ""]),
          { opcode: binary },
        ];
        const options = { maxEmptyFragments: 2 };
        assert.equal(receive(role, [...message, ...message], options).code, undefined);
        const { code } = receive(role, [...message, ...fragments(text, ["", "x", "", "", "x"])], options);
        assert.equal(code, CloseCode.policyViolation);
        assert.equal(receive(role, fragments(text, ["", ""]), { maxEmptyFragments: 0 }).code, 1008);
      });

      test("hostile 29: 1 MiB in segments of one byte takes linear time and memory", (t) => {
        const allocations = t.mock.method(Buffer, "allocUnsafeSlow");
        const cases =
          role === "server"
            ? ([
                [text, "x"], // known to be ASCII from the unmasking
                [text, "é"],
              ] as const)
            : ([[binary, "x"]] as const);
        for (const [opcode, character] of cases) {
          const endpoint = new Endpoint(role);
          const payload = Buffer.alloc(MIB, character);
          const bytes = buildFrame(role, { opcode, payload });
          allocations.mock.resetCalls();
          const before = process.cpuUsage();
          for (let at = 0; at < bytes.length; at++) endpoint.reader.push(bytes, at, at + 1);
          const { user } = process.cpuUsage(before);
          assert.equal(endpoint.notes[0]?.[1]?.toString(), payload.toString());
          // Each byte is set aside at most twice, on average, while the buffer grows.
          const sizes = allocations.mock.calls.map((call) => call.arguments[0]);
          assert.equal(sizes.at(-1), MIB);
          assert.ok(sizes.reduce((sum, size) => sum + size) <= 2 * MIB);
          // Going over all bytes again for each byte would take a minute of the processor, this takes half a second.
          assert.ok(user < 20_000_000, `${user} microseconds`);
        }
      });

      test("a message that came in pieces holds at most twice its bytes", () => {
        for (const payloads of [
          ["x".repeat(70_000), "x"],
          ["x", "y".repeat(70_000)],
          ["x".repeat(1_000), "x".repeat(24), "x"],
        ]) {
          const endpoint = new Endpoint(role).push(buildFrames(role, fragments(binary, payloads)));
          const message = endpoint.notes[0]?.[1] as Buffer;
          assert.equal(message.toString(), payloads.join(""));
          assert.ok(message.buffer.byteLength <= 2 * message.length);
        }
      });

      test("a message of one frame in any segments holds no more than its bytes", () => {
        for (const size of [200, 5_000, 65_536, 100_000]) {
          for (const segment of [64, 999, 40_000]) {
            const bytes = buildFrame(role, { opcode: binary, payload: Buffer.alloc(size) });
            const parts = split(
              bytes,
              Array.from({ length: Math.ceil(bytes.length / segment) }, () => segment),
            );
            if (parts.length === 1) continue;
            const message = new Endpoint(role).pushAll(parts).notes[0]?.[1] as Buffer;
            assert.equal(message.length, size);
            assert.equal(message.buffer.byteLength, size);
          }
        }
      });
    });

    describe("progress", () => {
      test("hostile 30: it changes with every frame and segment of a message, so that one that stands still is seen", () => {
        const { reader, assembler } = new Endpoint(role);
        const seen: Array<number | undefined> = [];
        const feed = (bytes: Buffer): void => {
          reader.push(Buffer.from(bytes));
          seen.push(assembler.progress);
        };
        const [first, second] = fragments(text, ["", "Hello"]).map((spec) => buildFrame(role, spec));
        feed(first as Buffer);
        for (const byte of bytewise((second as Buffer).subarray(-5, -1))) {
          if (seen.length === 1) feed((second as Buffer).subarray(0, -5));
          feed(byte);
        }
        assert.equal(seen.length, 6);
        assert.ok(seen.every((value) => value !== undefined));
        assert.equal(new Set(seen).size, seen.length);
        feed((second as Buffer).subarray(-1));
        assert.equal(seen.at(-1), undefined);
      });

      test("hostile 30: pings do not count as progress of the message that they interrupt", () => {
        const { reader, assembler } = new Endpoint(role);
        assert.equal(assembler.progress, undefined);
        for (const byte of bytewise(buildFrame(role, { opcode: ping, payload: "x" }))) {
          reader.push(Buffer.from(byte));
          assert.equal(assembler.progress, undefined);
        }
        reader.push(buildFrame(role, { opcode: binary, payload: "a", fin: false }));
        const before = assembler.progress;
        assert.notEqual(before, undefined);
        for (const opcode of [ping, pong]) {
          for (const byte of bytewise(buildFrame(role, { opcode, payload: "xyz" })))
            reader.push(Buffer.from(byte));
        }
        assert.equal(assembler.progress, before);
        reader.push(buildFrame(role, { opcode: continuation, payload: "b" }));
        assert.equal(assembler.progress, undefined);
      });
    });

    describe("text", () => {
      test("hostile 33: a code point split over fragments and segments, with pings between, is accepted", () => {
        for (const character of ["é", "€", "😀"]) {
          for (const around of ["", "x", "x".repeat(100), "é"]) {
            const bytes = Buffer.from(`${around}${character}${around}`);
            for (let cut = 0; cut <= bytes.length; cut++) {
              const [first, second] = fragments(text, [bytes.subarray(0, cut), bytes.subarray(cut)]);
              const specs = [first as FrameSpec, { opcode: ping }, second as FrameSpec];
              const parts = split(
                buildFrames(role, specs),
                bytes.length > 50 ? [cut, 9] : Array.from(bytes, () => 1),
              );
              const [notes, problem] = outcome(role, parts);
              assert.equal(problem, undefined);
              assert.deepEqual(notes, [
                ["ping", Buffer.alloc(0)],
                ["text", bytes.toString()],
              ]);
            }
          }
        }
      });

      test("hostile 33: all bytes of a code point may come in fragments of their own, empty ones between", () => {
        const bytes = Buffer.from("a😀é€z");
        const { notes } = receive(
          role,
          fragments(
            text,
            bytewise(bytes).flatMap((byte) => [byte, ""]),
          ),
        );
        assert.deepEqual(notes, [["text", "a😀é€z"]]);
      });

      for (const [what, bytes, proof] of INVALID_TEXT) {
        test(`hostile 34: ${what} is 1007, alone or in other text, whole or in fragments`, () => {
          const bad = hex(bytes);
          for (const payload of [
            bad,
            Buffer.concat([Buffer.from("x".repeat(100)), bad]),
            Buffer.concat([bad, Buffer.from("é".repeat(50))]),
          ]) {
            const whole = receive(role, [{ opcode: text, payload }]);
            assert.deepEqual(whole, { notes: [], code: CloseCode.invalidPayload });
            for (const payloads of [[payload, ""], ["", payload], ["é", payload, "x"], bytewise(payload)]) {
              assert.deepEqual(receive(role, fragments(text, payloads)), whole);
            }
          }
        });

        test(`hostile 35: ${what} is refused at the byte that proves it, long before the message ends`, () => {
          for (const before of ["", "x".repeat(100), "é".repeat(60)]) {
            const payload = Buffer.concat([Buffer.from(before), hex(bytes), Buffer.alloc(1_000, "x")]);
            const frame = buildFrame(role, { opcode: text, payload, fin: false });
            const endpoint = new Endpoint(role);
            const proven = frame.length - payload.length + Buffer.byteLength(before) + proof;
            endpoint.push(frame.subarray(0, proven - 1));
            assert.equal(endpoint.failureCode, undefined);
            endpoint.push(frame.subarray(proven - 1, proven));
            assert.equal(endpoint.failureCode, CloseCode.invalidPayload);
          }
        });
      }

      test("hostile 34: text cut short at its end is 1007, not before", () => {
        for (const bytes of ["c3", "e2 82", "f0 9f 98"]) {
          for (const before of ["", "x", "x".repeat(100)]) {
            const payload = Buffer.concat([Buffer.from(before), hex(bytes)]);
            const fails = { notes: [], code: CloseCode.invalidPayload };
            assert.deepEqual(receive(role, [{ opcode: text, payload }]), fails);
            assert.deepEqual(receive(role, fragments(text, [payload, ""])), fails);
            assert.deepEqual(receive(role, fragments(text, [before, hex(bytes)])), fails);
            const open = receive(role, fragments(text, [payload, ""]).slice(0, 1));
            assert.deepEqual(open, { notes: [], code: undefined });
          }
        }
      });

      test("after text with other characters, that in ASCII is still right, and the other way round", () => {
        const texts = ["é", "x".repeat(70), "x", "€".repeat(40), "y"];
        const specs = texts.flatMap((one) => fragments(text, [one, one]));
        assert.deepEqual(
          receive(role, specs).notes,
          texts.map((one) => ["text", one + one]),
        );
      });

      test("binary is not checked, whatever its bytes", () => {
        const payload = hex("ff c0 ed a0 80");
        assert.deepEqual(receive(role, fragments(binary, [payload, payload])).notes, [
          ["binary", Buffer.concat([payload, payload])],
        ]);
      });
    });

    describe("control frames", () => {
      test("hostile 27: a ping between fragments is told at once, and the message stays intact", () => {
        const endpoint = new Endpoint(role);
        const [first, second, third] = fragments(text, ["Hel", "l", "o"]) as [
          FrameSpec,
          FrameSpec,
          FrameSpec,
        ];
        endpoint.push(buildFrames(role, [first, { opcode: ping, payload: "1" }]));
        assert.deepEqual(endpoint.notes, [["ping", Buffer.from("1")]]);
        endpoint.pushAll(bytewise(buildFrames(role, [{ opcode: ping, payload: "22" }, { opcode: pong }])));
        assert.deepEqual(endpoint.notes.slice(1), [
          ["ping", Buffer.from("22")],
          ["pong", Buffer.alloc(0)],
        ]);
        endpoint.push(buildFrames(role, [second, { opcode: ping }, third]));
        assert.deepEqual(endpoint.notes.slice(3), [
          ["ping", Buffer.alloc(0)],
          ["text", "Hello"],
        ]);
      });

      test("hostile 38: a close frame tells its code and reason, or 1005 where it has none", () => {
        for (const [code, reason] of [
          [1000, ""],
          [1003, "é€😀"],
          [1014, "x".repeat(123)],
          [3000, "bye"],
          [4999, ""],
        ] as const) {
          const payload = encodeClosePayload(code, reason);
          assert.deepEqual(receive(role, [{ opcode: close, payload }]).notes, [["close", code, reason]]);
        }
        assert.deepEqual(receive(role, [{ opcode: close }]).notes, [["close", 1005, ""]]);
      });

      test("hostile 37: a close code that may not be on the wire is 1002", () => {
        for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535]) {
          const payload = Buffer.of(code >> 8, code & 0xff);
          const { notes, code: failed } = receive(role, [{ opcode: close, payload }]);
          assert.deepEqual([notes, failed], [[], CloseCode.protocolError]);
        }
      });

      test("hostile 36: a close reason that is not UTF-8 is 1007", () => {
        for (const reason of ["ff", "c0 af", "ed a0 80", "e2 82"]) {
          const { notes, code } = receive(role, [{ opcode: close, payload: hex(`03e8 ${reason}`) }]);
          assert.deepEqual([notes, code], [[], CloseCode.invalidPayload]);
        }
      });

      test("hostile 39: a close payload of one byte is 1002", () => {
        const { notes, code } = receive(role, [{ opcode: close, payload: hex("03") }]);
        assert.deepEqual([notes, code], [[], CloseCode.protocolError]);
      });

      test("hostile 39: what comes after a close is ignored, be it valid or not", () => {
        const goodbye = { opcode: close, payload: hex("03e8") };
        for (const next of [{ opcode: text, payload: "x" }, goodbye, { opcode: 7 }, { opcode: ping }]) {
          const { notes, code } = receive(role, [goodbye, next, next]);
          assert.deepEqual([notes, code], [[["close", 1000, ""]], undefined]);
        }
      });

      test("hostile 40: a close in the middle of a fragmented message is told, and the message is not", () => {
        const [first, second] = fragments(text, ["Hel", "lo"]) as [FrameSpec, FrameSpec];
        const { notes, code } = receive(role, [
          first,
          { opcode: close, payload: hex("03e9 627965") },
          second,
        ]);
        assert.deepEqual([notes, code], [[["close", 1001, "bye"]], undefined]);
      });
    });

    describe("compressed messages", () => {
      const compression = true;

      test("they are handed on as they came, joined, with their type, and unchecked", () => {
        const payload = hex("ff c0 80");
        const { notes, code } = receive(
          role,
          [
            { opcode: text, payload, reserved: 0x40 },
            { opcode: binary, payload, reserved: 0x40, fin: false },
            { opcode: ping },
            { opcode: continuation, payload },
            { opcode: text, reserved: 0x40, fin: false },
            { opcode: continuation, payload, fin: false },
            { opcode: continuation },
            { opcode: text, payload: "é" },
          ],
          { compression },
        );
        assert.equal(code, undefined);
        assert.deepEqual(notes, [
          ["compressed text", payload],
          ["ping", Buffer.alloc(0)],
          ["compressed binary", Buffer.concat([payload, payload])],
          ["compressed text", payload],
          ["text", "é"],
        ]);
      });

      test("hostile 47: RSV1 on a control frame or a continuation is 1002", () => {
        const begun = { opcode: text, payload: "x", reserved: 0x40, fin: false };
        for (const specs of [
          [{ opcode: ping, reserved: 0x40 }],
          [begun, { opcode: close, reserved: 0x40 }],
          [begun, { opcode: continuation, reserved: 0x40 }],
        ]) {
          assert.deepEqual(receive(role, specs, { compression }), { notes: [], code: 1002 });
        }
      });

      test("hostile 24: they may be a little over the maximum, as what cannot be compressed is, and no more", () => {
        const options = { compression, maxMessageSize: 64_000 };
        const limit = 64_000 + 1_000 + 64;
        const payload = Buffer.alloc(limit);
        const accepted = { opcode: binary, payload, reserved: 0x40 };
        for (const specs of [
          [accepted],
          [
            { ...accepted, payload: payload.subarray(1), fin: false },
            { opcode: continuation, payload: "x" },
          ],
        ]) {
          const [[message], problem] = outcome(role, [buildFrames(role, specs)], options);
          assert.equal(problem, undefined);
          assert.equal(message?.[0], "compressed binary");
          assert.equal(message[1].length, limit);
        }
        const refused = buildFrame(role, { opcode: binary, length: limit + 1, reserved: 0x40 });
        assert.equal(outcome(role, [refused], options)[1]?.code, CloseCode.messageTooBig);
        const plain = buildFrame(role, { opcode: binary, length: 64_001 });
        assert.equal(outcome(role, [plain], options)[1]?.code, CloseCode.messageTooBig);
      });

      test("a refusal by the one who inflates ends the reading", () => {
        const problem = failure(CloseCode.invalidPayload, "not deflated");
        const endpoint = new Endpoint(role, { compression });
        endpoint.onNote = () => problem;
        const spec = { opcode: text, payload: "x", reserved: 0x40 };
        endpoint.push(buildFrames(role, [spec, spec]));
        assert.equal(endpoint.notes.length, 1);
        assert.equal(endpoint.reader.failure, problem);
      });
    });
  });
}

test("pausing at a message holds back all that follow it, until the rest is pushed", () => {
  const endpoint = new Endpoint("client");
  endpoint.onNote = () => {
    endpoint.reader.pause();
    return undefined;
  };
  const specs = [
    ...fragments(text, ["a", "b"]),
    { opcode: ping },
    { opcode: binary, payload: "c" },
    { opcode: text, payload: "d", fin: false },
  ];
  const bytes = buildFrames("client", specs);
  const stops = [];
  for (let at = 0; at < bytes.length;) stops.push((at = endpoint.reader.push(bytes, at)));
  assert.deepEqual(stops, [6, 8, 11, 14]);
  assert.deepEqual(
    endpoint.notes.map(([name]) => name),
    ["text", "ping", "binary"],
  );
});

test("all failures have a reason that fits into a close frame", () => {
  const maxMessageSize = Number.MAX_SAFE_INTEGER;
  const sink = new Endpoint("client");
  const assembler = new MessageAssembler(sink, { maxMessageSize, maxEmptyFragments: 0 });
  for (const problem of [
    assembler.begin(text, false, false, 2 ** 63),
    assembler.begin(text, false, false, 0),
  ]) {
    assert.ok(problem !== undefined);
    assert.ok(Buffer.byteLength(problem.reason) <= 123);
  }
});
