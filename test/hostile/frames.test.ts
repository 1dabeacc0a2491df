import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { Opcode } from "jackfield";
import { bounded } from "../frameworks/clients.js";
import { frameOf, type RawClient } from "../node/raw-client.js";
import { buildFrame, buildFrames, split, type FrameSpec } from "../protocol/frames.js";
import { victim } from "./victim.js";

const { text, binary, continuation, ping, close } = Opcode;
const MAXIMUM = 1_048_576;

type Attack = readonly [title: string, code: number, ...attacks: (readonly FrameSpec[])[]];

const begun: FrameSpec = { opcode: text, fin: false, payload: "begun" };
const textOf = (...bytes: number[]): FrameSpec => ({ opcode: text, payload: Buffer.of(...bytes) });

/** Each is sent on a connection of its own. */
const attacks: readonly Attack[] = [
  ["hostile 21: an unmasked frame is 1002", 1002, [{ opcode: text, payload: "x", masked: false }]],
  [
    "hostile 22: a reserved bit, or an opcode that means nothing, is 1002",
    1002,
    ...[0x40, 0x20, 0x10].map((reserved) => [{ opcode: text, reserved }]),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [{ opcode }]),
  ],
  [
    "hostile 23: a length not in its shortest form, or with the top bit, is 1002",
    1002,
    [{ opcode: text, payload: "x", lengthBytes: 2 }],
    [{ opcode: text, payload: "x", lengthBytes: 8 }],
    [{ opcode: text, length: 2n ** 63n, lengthBytes: 8 }],
  ],
  [
    "hostile 24: a length over the maximum is 1009 at the header",
    1009,
    [{ opcode: binary, length: MAXIMUM + 1 }],
    [{ opcode: binary, length: 2n ** 63n - 1n }],
  ],
  [
    "hostile 25: a control frame over 125 bytes, or fragmented, is 1002",
    1002,
    ...[ping, Opcode.pong, close].flatMap((opcode) => [
      [{ opcode, payload: "x".repeat(126) }],
      [{ opcode, fin: false }],
    ]),
  ],
  [
    "hostile 26: a continuation of nothing, or a message inside of another, is 1002",
    1002,
    [{ opcode: continuation }],
    [{ opcode: continuation, fin: false }],
    [begun, { opcode: text, payload: "another" }],
  ],
  [
    "hostile 28: more than 1,024 empty fragments are 1008",
    1008,
    [begun, ...Array.from({ length: 1_025 }, () => ({ opcode: continuation, fin: false }))],
  ],
  [
    "hostile 28: fragments over the maximum together are 1009",
    1009,
    [
      { opcode: binary, fin: false, payload: Buffer.alloc(MAXIMUM) },
      { opcode: continuation, length: 1 },
    ],
  ],
  [
    "hostile 34: text that is overlong, a surrogate, above 10FFFF or cut short is 1007",
    1007,
    [textOf(0xc0, 0x80)],
    [textOf(0xed, 0xa0, 0x80)],
    [textOf(0xf4, 0x90, 0x80, 0x80)],
    [textOf(0xe2, 0x82)],
  ],
  [
    "hostile 35: text is 1007 at the byte that proves it, however much is still to come",
    1007,
    [{ ...textOf(0x61, 0xff), fin: false }],
    [{ ...textOf(0xf4, 0x90), length: MAXIMUM }],
  ],
  [
    "hostile 36: a close reason that is not UTF-8 is 1007",
    1007,
    [{ opcode: close, payload: Buffer.of(3, 232, 0xff) }],
  ],
  [
    "hostile 37: a close code that may not be sent is 1002",
    1002,
    ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535].map((code) => [
      { opcode: close, payload: Buffer.of(code >> 8, code & 255) },
    ]),
  ],
  ["hostile 39: a close payload of one byte is 1002", 1002, [{ opcode: close, payload: Buffer.of(3) }]],
  [
    "hostile 47: a reserved bit without compression is 1002, on a control frame and a continuation too",
    1002,
    [{ opcode: ping, reserved: 0x40 }],
    [begun, { opcode: continuation, reserved: 0x40 }],
  ],
];

describe("frames against a server process", () => {
  const server = victim();

  for (const [title, code, ...each] of attacks) {
    test(title, bounded, async () => {
      for (const [at, frames] of each.entries()) {
        const client = await server.connect("/echo");
        client.write(buildFrames("server", frames));
        assert.equal((await client.closed())[0], code, `attack ${at}`);
      }
    });
  }

  test(
    "hostile 24: lengths that are announced set nothing aside; exactly the maximum comes back",
    bounded,
    async () => {
      const before = await server.holdings();
      const clients = await Promise.all(Array.from({ length: 200 }, () => server.connect("/large")));
      const header = buildFrame("server", { opcode: binary, length: 4_194_304, payload: "x" });
      await Promise.all(clients.map((client) => client.writeOut(header)));
      const client = await server.connect("/echo");
      client.binary(Buffer.alloc(MAXIMUM, 7));
      assert.deepEqual((await client.nextOf("binary"))[1], Buffer.alloc(MAXIMUM, 7));
      const grown = (await server.holdings()).peak - before.peak;
      assert.ok(grown < 100 * MAXIMUM, `its memory grew by ${grown} bytes`);
      for (const each of [client, ...clients]) each.drop();
    },
  );

  test(
    "hostile 27: a ping between fragments is answered at once, and the message is whole",
    bounded,
    async () => {
      const client = await server.connect("/echo");
      client.frame(text, "a", false);
      client.frame(ping, "now");
      assert.deepEqual(await client.next(), ["pong", Buffer.from("now")]);
      client.frame(continuation, "b");
      assert.deepEqual(await client.next(), ["text", "ab"]);
      client.drop();
    },
  );

  test("hostile 28: 65,536 fragments of 64 bytes are a message of 4 MiB", bounded, async () => {
    const client = await server.connect("/large");
    const payload = randomBytes(4_194_304);
    const parts = split(
      payload,
      Array.from({ length: 65_535 }, () => 64),
    );
    const frames = parts.map((part, at) => frameOf(at === 0 ? binary : continuation, part, at === 65_535));
    client.write(Buffer.concat(frames));
    assert.deepEqual((await client.nextOf("binary"))[1], payload);
    client.drop();
  });

  test("hostile 29: 1 MiB in segments of one byte is a message", { timeout: 60_000 }, async () => {
    const client = await server.connect("/echo");
    const payload = randomBytes(MAXIMUM);
    await writeBytewise(client, frameOf(binary, payload));
    assert.deepEqual((await client.nextOf("binary"))[1], payload);
    client.drop();
  });

  test("hostile 30: a message that never ends is 1008 at the deadline", bounded, async () => {
    for (const frame of [begun, { opcode: text, payload: "x", length: 9 }]) {
      const client = await server.connect("/impatient", { answersPings: false });
      client.write(buildFrame("server", frame));
      assert.equal((await client.closed())[0], 1008);
    }
  });

  test("hostile 31, 32: whatever the split, what was sent comes back", bounded, async () => {
    const messages = [0, 1, 125, 126, 65_535, 65_536, 100_000].map((size) => randomBytes(size));
    const bytes = Buffer.concat(messages.map((message) => frameOf(binary, message)));
    for (const size of [1_021, 4_093, 65_537, bytes.length]) {
      const client = await server.connect("/echo");
      for (const part of split(
        bytes,
        Array.from({ length: bytes.length / size }, () => size),
      ))
        await client.writeOut(part);
      for (const message of messages) assert.deepEqual(await client.nextOf("binary"), ["binary", message]);
      client.drop();
    }
  });

  test("hostile 33: a code point may be split over fragments and segments", bounded, async () => {
    const client = await server.connect("/echo");
    const bytes = [...Buffer.from("🔌")];
    for (const [at, byte] of bytes.entries()) {
      const frame = frameOf(at === 0 ? text : continuation, Buffer.of(byte), at === bytes.length - 1);
      await writeBytewise(client, frame);
    }
    assert.deepEqual(await client.next(), ["text", "🔌"]);
    client.drop();
  });
});

/** In segments of one byte, as far as the kernel plays along. */
async function writeBytewise(client: RawClient, bytes: Buffer): Promise<void> {
  client.socket.setNoDelay(true);
  for (let at = 0; at < bytes.length - 1; at++) {
    // Not to have a million writes wait at once.
    if (!client.socket.write(bytes.subarray(at, at + 1)) || at % 64 === 0) await new Promise(setImmediate);
  }
  await client.writeOut(bytes.subarray(-1));
}
