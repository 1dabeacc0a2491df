import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Writable } from "node:stream";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import * as fc from "fast-check";
import * as ws from "ws";
import { encodeClosePayload } from "#src/protocol/close-code.js";
import {
  encodeFrame,
  firstByte,
  textFrameRoom,
  writeBytesFrame,
  writeTextFrame,
} from "#src/protocol/frame-writer.js";
import { Opcode, type Role } from "#src/protocol/opcode.js";
import {
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

// What is sent

const role = fc.constantFrom(...ROLES);
const key = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 0x80808080));

/** Characters of every length in UTF-8, those at its edges, and runs that are long enough for the fast ways. */
const validText = fc
  .array(
    fc.constantFrom(
      "",
      "a",
      "é",
      "€",
      "😀",
      "\u0000\u007f",
      "\ufeff",
      "\u{10ffff}",
      "x".repeat(70),
      "é".repeat(50),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));
const anyBytes = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 60, maxLength: 200 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(126, 127, 300, 900).map((size) => new Uint8Array(size).fill(0xfe)),
  },
);
const BAD_TEXT = ["ff", "c0af", "eda080", "f4908080", "c3", "e282", "80", "f09f98"].map(hex);
const textBytes = validText.map((text) => Buffer.from(text));
const badText = fc
  .tuple(textBytes, fc.constantFrom(...BAD_TEXT), textBytes)
  .map((parts) => Buffer.concat(parts));

const control: fc.Arbitrary<FrameSpec> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ opcode: fc.constantFrom(9, 10), payload: fc.uint8Array({ maxLength: 125 }), key }),
  },
  { weight: 1, arbitrary: fc.record({ opcode: fc.constantFrom(9, 10), key }) },
);

const closePayload = fc.oneof(
  fc.constant(hex("")),
  fc
    .tuple(fc.constantFrom(1000, 1001, 1011, 3000, 4999), fc.string({ maxLength: 20 }))
    .map(([code, reason]) => encodeClosePayload(code, reason)),
  fc.constantFrom("00", "03e7", "03ed", "03e8ff", "03e8c3", "ffff", "1388").map(hex),
);

/** The frames of one message, cut into fragments, with control frames between. */
function messageFrames(
  opcode: number,
  payload: fc.Arbitrary<Uint8Array>,
  reserved: number,
): fc.Arbitrary<FrameSpec[]> {
  return fc
    .tuple(
      payload,
      fc.array(fc.oneof(fc.nat(6), fc.nat(100)), { maxLength: 4 }),
      fc.array(fc.option(control, { freq: 3 }), { minLength: 5, maxLength: 5 }),
      fc.array(key, { minLength: 5, maxLength: 5 }),
    )
    .map(([bytes, sizes, controls, keys]) => {
      const parts: Uint8Array[] = [];
      let start = 0;
      for (const size of sizes) {
        parts.push(bytes.subarray(start, start + size));
        start += size;
      }
      parts.push(bytes.subarray(start));
      return parts.flatMap((part, index) => {
        const first = index === 0;
        const frame: FrameSpec = {
          opcode: first ? opcode : 0,
          fin: index === parts.length - 1,
          reserved: first ? reserved : 0,
          payload: part,
          key: keys[index] as number,
        };
        const before = first ? null : (controls[index] ?? null);
        return before === null ? [frame] : [before, frame];
      });
    });
}

/** Frames, or what should not be among them. */
const piece: fc.Arbitrary<FrameSpec[]> = fc.oneof(
  { weight: 6, arbitrary: messageFrames(1, textBytes, 0) },
  { weight: 6, arbitrary: messageFrames(2, anyBytes, 0) },
  { weight: 3, arbitrary: control.map((frame) => [frame]) },
);
const compressedPiece = fc.oneof(
  { weight: 1, arbitrary: messageFrames(1, anyBytes, 0x40) },
  { weight: 1, arbitrary: messageFrames(2, anyBytes, 0x40) },
);
const wrongPiece: fc.Arbitrary<FrameSpec[]> = fc.oneof(
  { weight: 4, arbitrary: messageFrames(1, badText, 0) },
  { weight: 2, arbitrary: closePayload.map((payload) => [{ opcode: 8, payload }]) },
  {
    weight: 4,
    arbitrary: fc
      .record(
        {
          opcode: fc.nat(15),
          fin: fc.boolean(),
          reserved: fc.constantFrom(0, 0, 0x10, 0x20, 0x40, 0x70),
          masked: fc.boolean(),
          lengthBytes: fc.constantFrom(2 as const, 8 as const),
          length: fc.constantFrom(0, 1, 125, 126, 999, 1_001, 65_536, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n),
          payload: fc.uint8Array({ maxLength: 8 }),
        },
        { requiredKeys: ["opcode"] },
      )
      .map((spec) => [fits(spec)]),
  },
);

/** A length that its field cannot hold gets one that can. */
function fits(spec: FrameSpec): FrameSpec {
  const { lengthBytes, ...rest } = spec;
  const length = BigInt(spec.length ?? 0);
  return lengthBytes === 2 && length > 0xffffn ? rest : spec;
}

/** The bytes of a connection: valid for the most part, then often not, cut off anywhere, or with one byte changed. */
function stream(role: Role, pieces: fc.Arbitrary<FrameSpec[]>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(
      fc.array(fc.oneof({ weight: 8, arbitrary: pieces }, { weight: 1, arbitrary: wrongPiece }), {
        maxLength: 6,
      }),
      fc.option(fc.record({ place: fc.nat(2_000), flip: fc.integer({ min: 1, max: 255 }) }), { freq: 2 }),
      fc.option(fc.nat(2_000), { freq: 4 }),
    )
    .map(([specs, change, end]) => {
      const bytes = buildFrames(role, specs.flat());
      if (change !== null && bytes.length > 0) {
        const place = change.place % bytes.length;
        bytes[place] = (bytes[place] as number) ^ change.flip;
      }
      return end === null ? bytes : bytes.subarray(0, end % (bytes.length + 1));
    });
}

const LIMITS: EndpointOptions = { maxMessageSize: 1_000, maxEmptyFragments: 2 };
const sizes = fc.array(fc.oneof(fc.nat(3), fc.nat(20), fc.nat(200)), { maxLength: 60 });

// What comes of it

describe("hostile 31: any split of the same bytes gives the same messages and the same failure", () => {
  for (const role of ROLES) {
    for (const compression of [false, true]) {
      const pieces = compression ? fc.oneof(piece, compressedPiece) : piece;
      const options = { ...LIMITS, compression };

      test(`to a ${role}, with${compression ? "" : "out"} compression, also where the stream has errors`, () => {
        fc.assert(
          fc.property(stream(role, pieces), sizes, (bytes, sizes) => {
            const whole = outcome(role, [bytes], options);
            assert.deepEqual(outcome(role, split(bytes, sizes), options), whole);
            assert.deepEqual(outcome(role, bytewise(bytes), options), whole);
          }),
          { numRuns: 300 },
        );
      });
    }

    test(`to a ${role} that is paused at any of its messages and goes on later`, () => {
      fc.assert(
        fc.property(
          stream(role, piece),
          sizes,
          fc.array(fc.boolean(), { minLength: 1 }),
          (bytes, sizes, pauses) => {
            const endpoint = new Endpoint(role, LIMITS);
            endpoint.onNote = () => {
              if (pauses[endpoint.notes.length % pauses.length] === true) endpoint.reader.pause();
              return undefined;
            };
            endpoint.pushAll(split(bytes, sizes));
            assert.deepEqual([endpoint.notes, endpoint.reader.failure], outcome(role, [bytes], LIMITS));
          },
        ),
        { numRuns: 200 },
      );
    });
  }

  test("whatever bytes come, nothing is thrown, and a failure has a code that may be sent", () => {
    fc.assert(
      fc.property(role, fc.uint8Array({ maxLength: 100 }), fc.boolean(), (role, bytes, compression) => {
        const [, problem] = outcome(role, [bytes], { ...LIMITS, compression });
        if (problem !== undefined) assert.ok([1002, 1007, 1008, 1009].includes(problem.code));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Writes at an offset, as into an output buffer that already holds something. */
function write(message: string | Uint8Array, offset: number, maskKey: number | undefined): Buffer {
  const isText = typeof message === "string";
  const first = firstByte(isText ? Opcode.text : Opcode.binary, true, false);
  const target = Buffer.alloc(offset + (isText ? textFrameRoom(message) : message.length + 14));
  const end = isText
    ? writeTextFrame(target, offset, first, message, maskKey)
    : writeBytesFrame(target, offset, first, message, maskKey);
  return target.subarray(offset, end);
}

function note(message: string | Uint8Array): MessageNote {
  return typeof message === "string" ? ["text", message] : ["binary", Buffer.from(message)];
}

describe("hostile 32: encoding then decoding gives the original", () => {
  // Not by fast-check's own unit "binary", which takes a second to make its tables.
  const anyText = fc
    .array(fc.oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff })), { maxLength: 60 })
    .map((points) => String.fromCodePoint(...points));
  const message = fc.oneof(validText, anyBytes, anyText);

  test("whole messages, from either side, with any mask key, at any offset", () => {
    fc.assert(
      fc.property(
        role,
        fc.array(message, { maxLength: 5 }),
        fc.nat(9),
        key,
        sizes,
        (role, messages, offset, key, sizes) => {
          const maskKey = role === "server" ? key : undefined;
          const bytes = Buffer.concat(messages.map((message) => write(message, offset, maskKey)));
          const expected = [messages.map(note), undefined];
          assert.deepEqual(outcome(role, split(bytes, sizes)), expected);
        },
      ),
      { numRuns: 250 },
    );
  });

  test("long messages, with each form of the length", () => {
    for (const role of ROLES) {
      for (const long of ["x".repeat(65_535), "é".repeat(40_000), new Uint8Array(65_536).fill(0xfe)]) {
        const bytes = write(long, 3, role === "server" ? -2 : undefined);
        assert.deepEqual(outcome(role, [bytes]), [[note(long)], undefined]);
        assert.deepEqual(outcome(role, split(bytes, [2, 7, 30_001])), [[note(long)], undefined]);
      }
    }
  });

  test("messages in fragments of any size, with control frames between", () => {
    fc.assert(
      fc.property(
        role,
        message,
        fc.array(fc.nat(50), { maxLength: 6 }),
        fc.uint8Array({ maxLength: 125 }),
        key,
        (role, message, cuts, ping, key) => {
          const maskKey = role === "server" ? key : undefined;
          const payload = Buffer.from(message as string);
          const parts = [...split(payload, cuts), Buffer.alloc(0)];
          const frames = parts.flatMap((part, index) => {
            const opcode =
              index > 0 ? Opcode.continuation : typeof message === "string" ? Opcode.text : Opcode.binary;
            const first = firstByte(opcode, index === parts.length - 1, false);
            const before = encodeFrame(firstByte(Opcode.ping, true, false), ping, maskKey);
            return [before, encodeFrame(first, part, maskKey)];
          });
          const pings = parts.map((): MessageNote => ["ping", Buffer.from(ping)]);
          assert.deepEqual(outcome(role, [Buffer.concat(frames)]), [[...pings, note(message)], undefined]);
        },
      ),
      { numRuns: 250 },
    );
  });
});

// Another implementation

/** `ws` exports its receiver, but its types don't say so. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: { readonly isServer: boolean; readonly maxPayload: number }) => Writable;
};

/** The verdict of `ws`, in our words. */
class WsEndpoint {
  readonly notes: MessageNote[] = [];
  failureCode: number | undefined;
  readonly #receiver: Writable;

  constructor(role: Role, maxPayload: number) {
    this.#receiver = new Receiver({ isServer: role === "server", maxPayload });
    // Told by the callback of the write.
    this.#receiver.on("error", () => undefined);
    this.#receiver.on("message", (data: Buffer, isBinary: boolean) => {
      this.notes.push(isBinary ? ["binary", Buffer.from(data)] : ["text", data.toString()]);
    });
    this.#receiver.on("ping", (data: Buffer) => this.notes.push(["ping", Buffer.from(data)]));
    this.#receiver.on("pong", (data: Buffer) => this.notes.push(["pong", Buffer.from(data)]));
    this.#receiver.on("conclude", (code: number, reason: Buffer) => {
      this.notes.push(["close", code, reason.toString()]);
    });
  }

  async push(bytes: Uint8Array): Promise<void> {
    if (this.failureCode !== undefined || this.notes.at(-1)?.[0] === "close") return;
    const error = await new Promise<Error | null | undefined>((resolve) => {
      this.#receiver.write(Buffer.from(bytes), resolve);
    });
    if (error === null || error === undefined) return;
    // Its close code stands under a symbol of its own.
    const codes = Object.getOwnPropertySymbols(error).map((name) => Reflect.get(error, name) as number);
    this.failureCode = codes[0];
    assert.ok(this.failureCode !== undefined, error.message);
  }
}

/**
 * Where the two may differ, by our policy: `ws` does not ask for the shortest form of a length, calls any length over
 * 2^53 too big, and checks text only when the message is complete.
 */
const STRICTER = new Set(["a length is not in its shortest form", "the top bit of a 64-bit length is set"]);
const EARLIER = "a text message is not valid UTF-8";

/** Compares both verdicts on the same bytes; tells which kind they were of. */
async function compareWithWs(role: Role, bytes: Buffer, sizes: readonly number[]): Promise<string> {
  const maxMessageSize = 1_000;
  const ours = new Endpoint(role, { maxMessageSize, maxEmptyFragments: Number.POSITIVE_INFINITY });
  const theirs = new WsEndpoint(role, maxMessageSize);
  ours.pushAll(split(bytes, sizes));
  await theirs.push(bytes);
  const reason = ours.reader.failure?.reason ?? "";
  if (reason === EARLIER || STRICTER.has(reason)) {
    assert.deepEqual(theirs.notes.slice(0, ours.notes.length), ours.notes);
    // The text that we refused is not taken by them either; only what came between its fragments is.
    const then = new Set(theirs.notes.slice(ours.notes.length).map(([name]) => name));
    if (reason === EARLIER) assert.ok(!then.has("text") && !then.has("binary"));
    return reason === EARLIER && theirs.failureCode === ours.failureCode ? "1007" : "stricter";
  }
  // One may need a few more bytes than the other to see what is wrong: they wait for both bytes of a header, we
  // for the payload of a close frame.
  const more = Buffer.alloc(14, 0xff);
  if (ours.failureCode !== undefined && theirs.failureCode === undefined) await theirs.push(more);
  else if (theirs.failureCode !== undefined && ours.failureCode === undefined) ours.push(more);
  assert.deepEqual(ours.notes, theirs.notes);
  assert.equal(ours.failureCode, theirs.failureCode);
  return String(ours.failureCode);
}

describe("hostile 32: the verdict is that of ws", () => {
  for (const role of ROLES) {
    test(`on streams to a ${role} of valid frames, of wrong ones, and of frames with a changed byte`, async () => {
      const kinds = new Set<string>();
      await fc.assert(
        fc.asyncProperty(stream(role, piece), sizes, async (bytes, sizes) => {
          kinds.add(await compareWithWs(role, bytes, sizes));
        }),
        { numRuns: 600 },
      );
      for (const kind of ["undefined", "1002", "1007"]) assert.ok(kinds.has(kind), kind);
    });

    test(`on streams to a ${role} of random bytes after a header that is likely`, async () => {
      const likely = fc.constantFrom("01", "02", "81", "82", "00", "80", "88", "89", "8a").map(hex);
      const length = fc.oneof(
        fc.nat(255),
        fc.nat(8),
        fc.nat(8).map((size) => 0x80 | size),
      );
      const frame = fc
        .tuple(likely, length, fc.uint8Array({ maxLength: 12 }))
        .map(([first, length, rest]) => Buffer.concat([first, Buffer.of(length), rest]));
      await fc.assert(
        fc.asyncProperty(fc.array(frame, { maxLength: 4 }), sizes, async (frames, sizes) => {
          await compareWithWs(role, Buffer.concat(frames), sizes);
        }),
        { numRuns: 1_000 },
      );
    });
  }

  test("on each wrong frame alone, with the code that it is expected to have", async () => {
    for (const [spec, code] of [
      [{ opcode: 3 }, "1002"],
      [{ opcode: 1, reserved: 0x20 }, "1002"],
      [{ opcode: 0 }, "1002"],
      [{ opcode: 9, fin: false }, "1002"],
      [{ opcode: 9, length: 126 }, "1002"],
      [{ opcode: 8, payload: hex("03") }, "1002"],
      [{ opcode: 8, payload: hex("03ed") }, "1002"],
      [{ opcode: 8, payload: hex("03e8ff") }, "1007"],
      [{ opcode: 1, payload: hex("eda080") }, "1007"],
      [{ opcode: 2, length: 1_001 }, "1009"],
      [{ opcode: 2, length: 2n ** 63n - 1n }, "1009"],
      [{ opcode: 2, length: 2n ** 63n }, "stricter"],
      [{ opcode: 2, lengthBytes: 2, payload: "x" }, "stricter"],
      [{ opcode: 1, fin: false, payload: hex("ff") }, "stricter"],
      [{ opcode: 2, payload: "x" }, "undefined"],
    ] as const) {
      for (const role of ROLES) {
        assert.equal(await compareWithWs(role, buildFrames(role, [spec]), []), code, inspect(spec));
      }
    }
  });
});
