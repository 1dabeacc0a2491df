/** What is said right before the end: by the peer, and to it. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Server as TcpServer } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { constants, deflateRawSync } from "node:zlib";
import { Opcode, type CloseInfo, type Message, type SocketsOptions } from "jackfield";
import { encodeClosePayload } from "#src/protocol/close-code.js";
import { frameOf, type RawClient } from "../node/raw-client.js";
import { prepareFor, type Way } from "../node/tcp-pair.js";
import { buildFrame, type FrameSpec } from "../protocol/frames.js";
import { fillUp, openSocket, serve, type TestServer } from "./open-socket.js";
import { turns, until } from "./turns.js";

type Handler = Parameters<typeof serve>[1];
type Test = Parameters<typeof serve>[0];

const ways: readonly Way[] = ["shared", "watched", "subclass", "handed over", "tls"];

/** Serves, with connections of this kind. */
async function serveBy(
  t: Test,
  way: Way,
  handler: Handler,
  options: SocketsOptions = {},
): Promise<TestServer> {
  let listener: TcpServer | undefined;
  const prepare = (server: Parameters<typeof prepareFor>[1]): void => {
    listener = prepareFor(way, server);
  };
  const site = await serve(t, handler, { ...options, tls: way === "tls", prepare });
  if (listener === undefined || listener === site.server) return site;
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  t.after(() => listener?.close());
  return { ...site, connect: (client) => site.connect({ port, ...client }) };
}

const TEXTS = Array.from({ length: 400 }, (_, each) => `message ${each}`);
const CLOSE = frameOf(Opcode.close, encodeClosePayload(1000, "that was all"));
const ALL = Buffer.concat([...TEXTS.map((text) => frameOf(Opcode.text, text)), CLOSE]);
const CLEAN: CloseInfo = { code: 1000, reason: "that was all", by: "peer", clean: true };

/** Takes messages, each a little later than it came, in a loop or by a hook. */
function slowly(received: Message[], ended: (info: CloseInfo | undefined) => void): Record<string, Handler> {
  const take = async (message: Message): Promise<void> => {
    await turns(2);
    received.push(message);
  };
  return {
    "a loop": async (ws): Promise<void> => {
      for await (const message of ws) await take(message);
      ended(ws.closeInfo);
    },
    "a hook": { message: (_ws, message) => take(message), close: (_ws, info) => ended(info) },
  };
}

describe("what the peer says before it leaves", { timeout: 40_000, concurrency: true }, () => {
  for (const way of ways)
    for (const what of ["a loop", "a hook"]) {
      test(`hostile 79: 400 messages, a close frame and a FIN in one write all reach ${what} that is slower (${way})`, async (t) => {
        const received: Message[] = [];
        let end: CloseInfo | undefined;
        const handlers = slowly(received, (info) => (end = info));
        const site = await serveBy(t, way, handlers[what] as Handler);
        const client = await site.connect();
        client.socket.end(ALL);
        await until(() => end !== undefined);
        assert.deepEqual(received, TEXTS);
        assert.deepEqual(end, CLEAN);
        assert.deepEqual(await client.closed(), [1000, "that was all"]);
        await until(() => site.sockets.size === 0);
      });
    }

  for (const way of ways)
    test(`hostile 79: so do those behind one that is inflated in a thread (${way})`, async (t) => {
      const large = "large ".repeat(50_000);
      const deflated = deflateRawSync(large, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
      const received: Message[] = [];
      let end: CloseInfo | undefined;
      const handlers = slowly(received, (info) => (end = info));
      const site = await serveBy(t, way, handlers["a loop"] as Handler, { compression: true });
      const client = await site.connect({ compression: true });
      client.socket.end(Buffer.concat([frameOf(Opcode.text, deflated, true, true), ALL]));
      await until(() => end !== undefined);
      assert.equal(received[0], large);
      assert.deepEqual(received.slice(1), TEXTS);
      assert.deepEqual(end, CLEAN);
    });

  for (const way of ways)
    test(`hostile 79: what was received is delivered even if the connection is reset behind it (${way})`, async (t) => {
      const received: Message[] = [];
      let end: CloseInfo | undefined;
      const handlers = slowly(received, (info) => (end = info));
      const site = await serveBy(t, way, handlers["a loop"] as Handler);
      const client = await site.connect();
      client.write(ALL.subarray(0, -CLOSE.length));
      await until(() => received.length > 0);
      client.reset();
      await until(() => end !== undefined);
      assert.deepEqual(received, TEXTS);
      assert.deepEqual(end, { code: 1006, reason: "", by: "network", clean: false });
    });

  test("hostile 79: answers that find the peer gone cost none of what it had said", async (t) => {
    const received: Message[] = [];
    const site = await serveBy(t, "shared", async (ws) => {
      for await (const message of ws) {
        void ws.send(message);
        await turns(1);
        received.push(message);
      }
    });
    const client = await site.connect();
    for (let each = 0; each < 10; each++) client.write(ALL.subarray(0, -CLOSE.length));
    await until(() => received.length > 0);
    client.reset();
    await until(() => site.sockets.size === 0);
    assert.equal(received.length, 4_000);
  });

  for (const way of ways)
    test(`hostile 79: a handler that takes nothing keeps no dead connection (${way})`, async (t) => {
      const site = await serveBy(t, way, (ws) => ws.whenClosed, {
        closeTimeout: 200,
        pingInterval: 100,
      });
      const client = await site.connect();
      client.write(ALL.subarray(0, -CLOSE.length));
      await until(() => site.sockets.size === 1);
      await turns(10);
      client.reset();
      await until(() => site.sockets.size === 0);
    });

  test("hostile 79: what the handler says at once to the last messages before a FIN still goes out", async (t) => {
    const site = await serve(t, async (ws) => {
      for await (const message of ws) void ws.send(message);
    });
    const client = await site.connect();
    client.socket.end(Buffer.concat([frameOf(Opcode.text, "one"), frameOf(Opcode.text, "two")]));
    assert.deepEqual(await client.next(), ["text", "one"]);
    assert.deepEqual(await client.next(), ["text", "two"]);
    await until(() => site.sockets.size === 0);
  });
});

const echoes: Readonly<Record<string, Handler>> = {
  "a loop": async (ws) => {
    for await (const message of ws) await ws.send(message);
  },
  "a hook": { message: (ws, message) => ws.send(message) },
};

const violations: readonly (readonly [what: string, frames: readonly FrameSpec[], code: number])[] = [
  ["reserved bits", [{ opcode: Opcode.text, payload: "x", reserved: 0x70 }], 1002],
  ["text that is not UTF-8", [{ opcode: Opcode.text, payload: Buffer.of(0xff) }], 1007],
  ["a message that is too large", [{ opcode: Opcode.binary, length: 2n ** 40n }], 1009],
  [
    "too many empty fragments",
    [
      { opcode: Opcode.text, fin: false },
      ...Array.from({ length: 1_024 }, () => ({ opcode: 0, fin: false })),
    ],
    1008,
  ],
  ["a close frame with a code that may not be", [{ opcode: Opcode.close, payload: Buffer.of(3, 237) }], 1002],
];

describe("what is answered before a violation", { timeout: 20_000, concurrency: true }, () => {
  for (const tls of [false, true])
    for (const [who, echo] of Object.entries(echoes))
      for (const [what, frames, code] of violations)
        test(`hostile 81: messages and ${what} in one segment: ${who} answers before ${code}${tls ? ", over TLS" : ""}`, async (t) => {
          const site = await serve(t, echo, { tls });
          const client = await site.connect();
          const texts = ["one", "two"].map((text) => frameOf(Opcode.text, text));
          client.write(Buffer.concat([...texts, ...frames.map((frame) => buildFrame("server", frame))]));
          assert.deepEqual(await client.next(), ["text", "one"]);
          assert.deepEqual(await client.next(), ["text", "two"]);
          const last = await client.next();
          assert.deepEqual([last[0], last[1]], ["close", code]);
          await until(() => site.sockets.size === 0);
          assert.deepEqual(site.logged, []);
        });

  test("hostile 81: those within the rate limit are answered before the 1008 of the one beyond it", async (t) => {
    const site = await serve(t, echoes["a loop"] as Handler, { rateLimit: { messages: 2, per: 60_000 } });
    const client = await site.connect();
    client.write(Buffer.concat(TEXTS.map((text) => frameOf(Opcode.text, text))));
    assert.deepEqual(await client.next(), ["text", "message 0"]);
    assert.deepEqual(await client.next(), ["text", "message 1"]);
    const last = await client.next();
    assert.deepEqual([last[0], last[1]], ["close", 1008]);
  });
});

/** Has a client read so many bytes at a time, with a moment between. */
function readSteadily({ socket }: RawClient): void {
  socket.on("data", () => {
    socket.pause();
    setTimeout(() => socket.resume(), 5);
  });
}

const LARGE = 12_000_000;

/** Much less than the steady reader takes for it, but more than the operating systems take to let it be seen that it reads. */
const CLOSE_TIMEOUT = 800;

describe("what is still to be sent at the end", { timeout: 40_000, concurrency: true }, () => {
  const ends: Readonly<Record<string, (opened: Awaited<ReturnType<typeof openSocket>>) => unknown>> = {
    "close()": ({ ws }) => ws.close(4000, "done"),
    "the answer to a close frame": ({ client }) => client.sendClose(4000, "done"),
    "the answer to a violation": ({ client }) => client.write(Buffer.of(0xff, 0xff)),
  };
  for (const tls of [false, true])
    for (const [what, end] of Object.entries(ends)) {
      const by = `${what}${tls ? ", over TLS" : ""}`;
      test(`hostile 82: 12 MB to a steady reader all arrive before ${by}, whatever the close timeout`, async (t) => {
        const opened = await openSocket(t, { tls, closeTimeout: CLOSE_TIMEOUT });
        const { ws, client } = opened;
        readSteadily(client);
        const began = performance.now();
        void ws.send(Buffer.alloc(LARGE));
        end(opened);
        const [, bytes] = await client.nextOf("binary");
        assert.equal(bytes.length, LARGE);
        assert.ok(performance.now() - began > CLOSE_TIMEOUT, "it was read too fast to show anything");
        const [, code] = await client.nextOf("close");
        assert.equal(code, what === "the answer to a violation" ? 1002 : 4000);
        const { clean } = await ws.whenClosed;
        assert.equal(clean, what !== "the answer to a violation");
      });

      test(`hostile 82: a peer that takes nothing is dropped at the close timeout after ${by}`, async (t) => {
        const opened = await openSocket(t, { tls, closeTimeout: 400 });
        await fillUp(opened, 4_000_000);
        const began = performance.now();
        end(opened);
        await until(() => opened.server.sockets.size === 0);
        assert.ok(performance.now() - began < 4_000);
      });
    }

  test("hostile 82: a peer that has taken all but never answers is dropped at the close timeout", async (t) => {
    const { ws, client, server } = await openSocket(t, {
      closeTimeout: 400,
      client: { answersClose: false },
    });
    void ws.send(Buffer.alloc(LARGE));
    const closing = ws.close();
    await client.nextOf("close");
    // What it goes on saying is no reason to wait, nor are the pongs that it gets.
    const talking = setInterval(() => client.frame(Opcode.ping, "still here"), 20);
    t.after(() => clearInterval(talking));
    assert.equal((await closing).clean, false);
    await until(() => server.sockets.size === 0);
  });

  test("hostile 82: one that lives but reads slower and slower is dropped in the end", async (t) => {
    const opened = await openSocket(t, { closeTimeout: 300 });
    await fillUp(opened, 4_000_000);
    const closing = opened.ws.close();
    opened.client.goOnReading();
    await wait(20);
    opened.client.stopReading();
    assert.equal((await closing).code, 1000);
    await until(() => opened.server.sockets.size === 0 || opened.client.notes.length > 0);
  });
});
