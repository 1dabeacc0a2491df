import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { Opcode } from "jackfield";
import { openSocket, serve, type Opened, type OpenOptions } from "../connection/open-socket.js";
import { settling, turns, until } from "../connection/turns.js";
import { bomb, deflated } from "../protocol/deflated.js";
import { hex } from "../protocol/frames.js";
import { frameOf, type RawClient } from "./raw-client.js";

const mebibyte = 2 ** 20;
const TAIL = hex("00 00 ff ff");

function inflated(payload: Uint8Array): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}

function open(t: Parameters<typeof openSocket>[0], options: OpenOptions = {}): Promise<Opened> {
  return openSocket(t, { compression: true, ...options, client: { compression: true, ...options.client } });
}

/** Runs `code`, and looks at the memory of all buffers meanwhile. @returns by how many bytes it grew at most */
async function growthDuring(code: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  let most = before;
  const running = code();
  const isOver = settling(running);
  for (; !isOver(); await turns()) most = Math.max(most, process.memoryUsage().arrayBuffers);
  await running;
  return most - before;
}

function compress(client: RawClient, message: string | Uint8Array): void {
  client.frame(typeof message === "string" ? Opcode.text : Opcode.binary, deflated(message), true, true);
}

describe("messages that come compressed", { timeout: 30_000 }, () => {
  test("are inflated: text as text, binary as binary, of all sizes, in order", async (t) => {
    const { ws, client } = await open(t);
    const messages = [
      "",
      "a",
      "grüße".repeat(50),
      "x".repeat(65_536),
      "y".repeat(65_537),
      "z".repeat(mebibyte),
      "end",
    ];
    for (const text of messages) {
      compress(client, text);
      compress(client, Buffer.from(text));
      client.text("between");
    }
    for (const text of messages) {
      assert.ok((await ws.receive()) === text);
      assert.ok(Buffer.from(text).equals((await ws.receive()) as Buffer));
      assert.equal(await ws.receive(), "between");
    }
  });

  for (const [section, bytes] of [
    ["7.2.3.1, one block", "f2 48 cd c9 c9 07 00"],
    ["7.2.3.3, a block without compression", "00 05 00 fa ff 48 65 6c 6c 6f 00"],
    ["7.2.3.4, a final block", "f3 48 cd c9 c9 07 00 00"],
    ["7.2.3.5, two blocks", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"],
  ] as const) {
    test(`the example of RFC 7692 §${section}, is read`, async (t) => {
      const { ws, client } = await open(t);
      client.frame(Opcode.text, hex(bytes), true, true);
      assert.equal(await ws.receive(), "Hello");
    });
  }

  test("hostile 46: a message that ends with a final block is accepted, and so is the one after it", async (t) => {
    const { ws, client } = await open(t);
    for (const text of ["final".repeat(100), "f".repeat(200_000)]) {
      client.frame(Opcode.text, deflateRawSync(text), true, true);
      compress(client, "after");
      assert.ok((await ws.receive()) === text);
      assert.equal(await ws.receive(), "after");
    }
  });

  test("may come in fragments, with a ping in between", async (t) => {
    const { ws, client } = await open(t);
    const payload = deflated("in fragments ".repeat(100));
    client.frame(Opcode.text, payload.subarray(0, 5), false, true);
    client.frame(Opcode.ping, "p");
    client.frame(Opcode.continuation, payload.subarray(5, 6), false);
    client.frame(Opcode.continuation, payload.subarray(6));
    assert.equal(await ws.receive(), "in fragments ".repeat(100));
    assert.deepEqual(await client.next(), ["pong", Buffer.from("p")]);
  });

  for (const size of [1_000, 65_536, 200_000]) {
    test(`hostile 24: exactly the maximum of ${size} bytes is accepted, and one byte more is 1009`, async (t) => {
      const { ws, client } = await open(t, { maxMessageSize: size });
      compress(client, Buffer.alloc(size));
      compress(client, Buffer.alloc(size + 1));
      assert.equal((await ws.receive()).length, size);
      assert.equal((await ws.whenClosed).code, 1009);
      assert.equal((await client.closed())[0], 1009);
    });
  }

  test("without a maximum, large ones are inflated all the same", async (t) => {
    const { ws, client } = await open(t, { maxMessageSize: Infinity });
    compress(client, Buffer.alloc(3 * mebibyte));
    assert.equal((await ws.receive()).length, 3 * mebibyte);
  });

  test("hostile 44: a bomb of 1 MiB that inflates to 1 GiB is 1009, and memory hardly grows", async (t) => {
    const { ws, client } = await open(t);
    const frame = frameOf(Opcode.binary, bomb(1_000), true, true);
    assert.ok(frame.length < mebibyte);
    const growth = await growthDuring(async () => {
      client.write(frame);
      assert.equal((await ws.whenClosed).code, 1009);
    });
    assert.ok(growth < 16 * mebibyte, `memory grew by ${growth} bytes`);
  });

  test("hostile 44: so is one in fragments", async (t) => {
    const { ws, client } = await open(t);
    const payload = bomb(1_000);
    const parts: Buffer[] = [];
    for (let at = 0; at < payload.length; at += 10_000) {
      const isLast = at + 10_000 >= payload.length;
      const part = payload.subarray(at, at + 10_000);
      parts.push(frameOf(at === 0 ? Opcode.binary : Opcode.continuation, part, isLast, at === 0));
    }
    const all = Buffer.concat(parts);
    const growth = await growthDuring(async () => {
      client.write(all);
      assert.equal((await ws.whenClosed).code, 1009);
    });
    assert.ok(growth < 16 * mebibyte, `memory grew by ${growth} bytes`);
  });

  test("hostile 45: a hundred small bombs at once are all 1009, and memory stays bounded", async (t) => {
    const server = await serve(t, (ws) => ws.whenClosed, { compression: true });
    const clients = await Promise.all(
      Array.from({ length: 100 }, () => server.connect({ compression: true })),
    );
    const frame = frameOf(Opcode.binary, bomb(20), true, true);
    const growth = await growthDuring(async () => {
      for (const client of clients) client.write(frame);
      for (const client of clients) assert.equal((await client.closed())[0], 1009);
    });
    assert.ok(growth < 64 * mebibyte, `memory grew by ${growth} bytes`);
  });

  const long = deflated(randomBytes(100_000));
  for (const [what, payload] of [
    ["corrupt", hex("ff ff ff ff")],
    ["cut short", deflated("cut short, and so it is no message".repeat(10)).subarray(0, -10)],
    ["cut to one byte", hex("f2")],
    [
      "long and corrupt",
      Buffer.concat([long.subarray(0, 70_000), Buffer.alloc(1_000, 0xff), long.subarray(70_000)]),
    ],
    ["long and cut short", long.subarray(0, 80_000)],
    ["text that is not UTF-8", deflated(Buffer.of(0x61, 0xff))],
  ] as const) {
    test(`hostile 46: what is ${what} is 1007`, async (t) => {
      const { ws, client } = await open(t);
      client.frame(Opcode.text, payload, true, true);
      compress(client, "never seen");
      assert.equal((await ws.whenClosed).code, 1007);
      assert.equal(ws.receiveNow(), undefined);
      assert.equal((await client.closed())[0], 1007);
    });
  }

  test("hostile 47: RSV1 on a ping is 1002", async (t) => {
    const { ws, client } = await open(t);
    client.frame(Opcode.ping, "", true, true);
    assert.equal((await ws.whenClosed).code, 1002);
  });

  test("hostile 47: RSV1 on a continuation is 1002", async (t) => {
    const { ws, client } = await open(t);
    client.frame(Opcode.text, deflated("x"), false, true);
    client.frame(Opcode.continuation, "", true, true);
    assert.equal((await ws.whenClosed).code, 1002);
  });

  test("hostile 22: RSV1 without an agreement is 1002", async (t) => {
    const { ws, client } = await openSocket(t, { client: { compression: true } });
    compress(client, "x");
    assert.equal((await ws.whenClosed).code, 1002);
  });

  test("hostile 50: a peer that hangs up while its message is inflated harms nobody", async (t) => {
    const { ws, client, server } = await open(t, { inbox: { maxBytes: Infinity } });
    for (let each = 0; each < 10; each++) compress(client, Buffer.alloc(mebibyte));
    client.reset();
    await ws.whenClosed;
    await until(() => server.sockets.size === 0);
  });

  test("hostile 50: a handler that hangs up while a message is inflated harms nobody", async (t) => {
    const { ws, client, server } = await open(t, { inbox: { maxBytes: Infinity } });
    for (let each = 0; each < 10; each++) compress(client, Buffer.alloc(mebibyte));
    await ws.receive();
    ws.terminate();
    await client.gone();
    await until(() => server.sockets.size === 0);
  });
});

describe("messages that are sent compressed", { timeout: 30_000 }, () => {
  test("can be inflated one by one, of all sizes, and come in order", async (t) => {
    const { ws, client } = await open(t);
    const sizes = [128, 16_384, 16_385, 100_000, 500, mebibyte, 1_000, 1_000];
    for (const size of sizes) {
      void ws.send("t".repeat(size));
      void ws.send(Buffer.alloc(size, "b"));
    }
    for (const size of sizes) {
      const [text, binary] = [await client.next(), await client.next()];
      assert.equal(text[0], "compressed text");
      assert.equal(binary[0], "compressed binary");
      assert.ok(inflated(text[1]).equals(Buffer.alloc(size, "t")));
      assert.ok(inflated(binary[1]).equals(Buffer.alloc(size, "b")));
    }
  });

  test("hostile 49: the same message is the same bytes each time, as no context is taken over", async (t) => {
    const { ws, client } = await open(t);
    const text = "the same message, again and again ".repeat(10);
    for (let each = 0; each < 3; each++) void ws.send(text);
    const first = await client.nextOf("compressed text");
    assert.equal(inflated(first[1]).toString(), text);
    for (let each = 1; each < 3; each++) assert.deepEqual(await client.next(), first);
  });

  test("short ones and those that gain nothing are sent as they are", async (t) => {
    const { ws, client } = await open(t);
    const noise = [randomBytes(1_000), randomBytes(100_000)];
    void ws.send("x".repeat(127));
    for (const bytes of noise) void ws.send(bytes);
    void ws.send("x".repeat(128));
    assert.deepEqual(await client.next(), ["text", "x".repeat(127)]);
    for (const bytes of noise) assert.deepEqual(await client.next(), ["binary", bytes]);
    assert.equal((await client.next())[0], "compressed text");
  });

  test("the threshold can be set", async (t) => {
    const { ws, client } = await open(t, { compression: { threshold: 10 } });
    void ws.send("x".repeat(9));
    void ws.send("x".repeat(30));
    assert.equal((await client.next())[0], "text");
    assert.equal((await client.next())[0], "compressed text");
  });

  test("everything behind a large one that a thread compresses keeps its place, the close frame too", async (t) => {
    const { ws, client } = await open(t, { client: { answersPings: false } });
    const large = "large ".repeat(100_000);
    const frame = Buffer.from("frame");
    const binary = Buffer.from("binary");
    void ws.send(large);
    void ws.send("small");
    void ws.send(binary);
    void ws.send("m".repeat(1_000));
    void ws.send(large);
    void ws.sendFrame(Opcode.ping, "p");
    void ws.sendFrame(Opcode.text, frame, { fin: false });
    void ws.sendFrame(Opcode.continuation, "s");
    void ws.send("last");
    void ws.close(4000, "bye");
    frame.fill("z");
    binary.fill("z");
    const notes = [];
    for (let each = 0; each < 9; each++) notes.push(await client.next());
    assert.deepEqual(
      notes.map(([kind, data]) =>
        typeof kind === "string" && kind.startsWith("compressed")
          ? `${kind} of ${inflated(data as Buffer).length}`
          : `${kind} ${String(data)}`,
      ),
      [
        `compressed text of ${large.length}`,
        "text small",
        "binary binary",
        "compressed text of 1000",
        `compressed text of ${large.length}`,
        "ping p",
        "text frames",
        "text last",
        "close 4000",
      ],
    );
  });

  test("what waits for a thread is counted as buffered, text and binary and frames, and drained at last", async (t) => {
    const { ws, client } = await open(t);
    void ws.send("x".repeat(100_000));
    for (let each = 0; each < 1_000; each++) void ws.send("short text");
    for (let each = 0; each < 1_000; each++) void ws.send(Buffer.from("short data"));
    const last = ws.sendFrame(Opcode.binary, Buffer.alloc(1_000));
    assert.ok(ws.bufferedAmount >= 121_000, `${ws.bufferedAmount} bytes are counted`);
    await last;
    assert.equal(ws.bufferedAmount, 0);
    for (let each = 0; each < 2_002; each++) await client.next();
  });

  for (const size of [70_000, 100_000, 262_144, 300_000, 1_000_000]) {
    test(`send settles for ${size} bytes that cannot be compressed`, async (t) => {
      const { ws } = await open(t);
      for (let each = 0; each < 3; each++) await ws.send(randomBytes(size));
      assert.equal(ws.bufferedAmount, 0);
    });
  }

  test("a message that a drain hook sends does not overtake what waits", async (t) => {
    let drains = 0;
    const server = await serve(
      t,
      {
        message(ws) {
          for (let each = 0; each < 20; each++) void ws.send(Buffer.alloc(20_000 + each, String(each)));
        },
        drain: (ws) => void ws.send(`drained ${++drains}`),
      },
      { compression: true, highWaterMark: 1_000 },
    );
    const client = await server.connect({ compression: true });
    client.text("go");
    for (let each = 0; each < 20; each++) {
      const [, payload] = await client.nextOf("compressed binary");
      assert.equal(inflated(payload).length, 20_000 + each);
    }
    assert.equal((await client.nextOf("text"))[1].startsWith("drained "), true);
  });

  test("hostile 50: a handler that hangs up while a thread compresses harms nobody", async (t) => {
    const { ws, client, server } = await open(t);
    for (let each = 0; each < 10; each++) void ws.send("x".repeat(mebibyte));
    ws.terminate();
    await client.gone();
    await until(() => server.sockets.size === 0);
    await turns(20);
  });

  test("hostile 50: a peer that hangs up while a thread compresses harms nobody", async (t) => {
    const { ws, client, server } = await open(t);
    for (let each = 0; each < 10; each++) void ws.send("x".repeat(mebibyte));
    client.reset();
    await ws.whenClosed;
    await until(() => server.sockets.size === 0);
    await turns(20);
  });
});

describe("the agreement on compression", { timeout: 30_000 }, () => {
  const agreed =
    /sec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover/i;

  test("hostile 49: asks for no context takeover in both directions", async (t) => {
    const { client } = await open(t);
    assert.match(client.head, agreed);
  });

  for (const parameters of [
    "unknown",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "client_max_window_bits; client_max_window_bits",
  ]) {
    test(`hostile 48: an offer with ${parameters} is declined`, async (t) => {
      const { ws, client } = await open(t, { client: { compression: parameters } });
      assert.doesNotMatch(client.head, /extensions/i);
      void ws.send("x".repeat(1_000));
      assert.equal((await client.next())[0], "text");
    });

    test(`hostile 48: and the one after ${parameters} is tried`, async (t) => {
      const { client } = await open(t, { client: { compression: `${parameters}, permessage-deflate` } });
      assert.match(client.head, agreed);
    });
  }

  for (const bits of [9, 12, 15]) {
    test(`a window of ${bits} bits is kept`, async (t) => {
      const { ws, client } = await open(t, { client: { compression: `server_max_window_bits=${bits}` } });
      assert.match(client.head, new RegExp(`server_max_window_bits=${bits}`));
      const noise = randomBytes(700).toString("hex");
      for (const text of [noise.repeat(3), noise.repeat(50)]) {
        void ws.send(text);
        const [, payload] = await client.nextOf("compressed text");
        const options = { windowBits: bits, finishFlush: constants.Z_SYNC_FLUSH };
        assert.ok(inflateRawSync(Buffer.concat([payload, TAIL]), options).toString() === text);
      }
    });
  }
});
