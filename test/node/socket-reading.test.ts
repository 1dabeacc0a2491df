import assert from "node:assert/strict";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { Opcode } from "jackfield";
import { openSocket, serve, type OpenOptions } from "../connection/open-socket.js";
import { turns, until } from "../connection/turns.js";
import { frameOf } from "./raw-client.js";
import { readsIntoSharedBuffer } from "./tcp-pair.js";

function onConnection(listen: (socket: Socket) => void): OpenOptions {
  return { prepare: (server) => void server.on("connection", listen) };
}

async function count(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** Both ways of reading, and TLS. */
const ways: readonly (readonly [string, OpenOptions])[] = [
  ["a plain socket", {}],
  [
    "a socket whose bytes somebody watches",
    onConnection((socket) => void socket.on("data", () => undefined)),
  ],
  ["a TLS socket", { tls: true }],
];

describe("how a socket is taken over", { timeout: 20_000 }, () => {
  test("on plain TCP it is read into the shared buffer, without a data event", async (t) => {
    const { ws, client } = await openSocket(t);
    const { socket } = ws.request;
    assert.equal(readsIntoSharedBuffer(socket), true);
    let events = 0;
    socket.on("data", () => events++);
    client.text("read without a data event");
    assert.equal(await ws.receive(), "read without a data event");
    assert.equal(events, 0);
  });

  for (const event of ["close", "end", "error", "timeout", "drain"]) {
    test(`so is one whose ${event} somebody awaits`, async (t) => {
      const { ws } = await openSocket(
        t,
        onConnection((socket) => void socket.on(event, () => undefined)),
      );
      assert.equal(readsIntoSharedBuffer(ws.request.socket), true);
    });
  }

  test("one whose bytes somebody watches is read by data events, and the watcher sees all of them", async (t) => {
    const seen: Buffer[] = [];
    const { ws, client } = await openSocket(
      t,
      onConnection((socket) => void socket.on("data", (chunk: Buffer) => seen.push(Buffer.from(chunk)))),
    );
    assert.equal(readsIntoSharedBuffer(ws.request.socket), false);
    client.text("watched");
    assert.equal(await ws.receive(), "watched");
    assert.ok(Buffer.concat(seen).length > frameOf(1, "watched").length);
  });

  for (const [way, options] of ways) {
    test(`who awaits the end of ${way} sees it`, async (t) => {
      const seen: string[] = [];
      const { ws, client } = await openSocket(t, {
        ...options,
        prepare: (server) => {
          options.prepare?.(server);
          server.on(options.tls === true ? "secureConnection" : "connection", (socket: Socket) => {
            socket.on("end", () => void seen.push("end"));
            socket.on("close", () => void seen.push("close"));
          });
        },
      });
      client.sendClose();
      await ws.whenClosed;
      await client.gone();
      await until(() => seen.includes("close"));
      assert.deepEqual(seen, ["end", "close"]);
    });
  }

  test("over TLS it is the TLS socket", async (t) => {
    const { ws } = await openSocket(t, { tls: true });
    assert.equal("encrypted" in ws.request.socket, true);
    assert.equal(readsIntoSharedBuffer(ws.request.socket), false);
  });

  test("a timeout of the HTTP server ends no WebSocket", async (t) => {
    for (const [, options] of ways) {
      const { ws } = await openSocket(t, {
        ...options,
        prepare: (server) => {
          options.prepare?.(server);
          server.timeout = 20;
          server.keepAliveTimeout = 20;
        },
      });
      assert.equal(await ws.receive({ timeout: 100 }), undefined);
      assert.equal(ws.connected, true);
    }
  });
});

for (const [way, options] of ways) {
  describe(`reading from ${way}`, { timeout: 20_000 }, () => {
    test("the server counts the connection, and its close waits for it", async (t) => {
      const { ws, client, server } = await openSocket(t, options);
      assert.equal(await count(server.server), 1);
      let isClosed = false;
      server.server.close(() => {
        isClosed = true;
      });
      client.text("still here");
      assert.equal(await ws.receive(), "still here");
      await turns(10);
      assert.equal(isClosed, false);
      client.sendClose();
      await ws.whenClosed;
      await until(() => isClosed);
      assert.equal(await count(server.server), 0);
    });

    test("a connection that was dropped is counted no more", async (t) => {
      const { ws, server } = await openSocket(t, options);
      ws.terminate();
      for (let left = 1; left > 0; left = await count(server.server)) await turns();
    });

    test("hostile 14: bytes behind the request are the first frames, also if they end inside of one", async (t) => {
      const frames = Buffer.concat([
        frameOf(1, "one"),
        frameOf(2, Buffer.alloc(70_000, 7)),
        frameOf(1, "three"),
      ]);
      for (const cut of [1, 5, 9, 15, 20, 60_000, frames.length]) {
        const { ws, client } = await openSocket(t, {
          ...options,
          client: { early: frames.subarray(0, cut) },
        });
        client.write(frames.subarray(cut));
        assert.equal(await ws.receive(), "one");
        assert.ok(Buffer.alloc(70_000, 7).equals((await ws.receive()) as Buffer));
        assert.equal(await ws.receive(), "three");
      }
    });

    test("hostile 14: so they are if all comes at once, with a close frame behind", async (t) => {
      const early = Buffer.concat([frameOf(1, "hello"), frameOf(Opcode.close)]);
      const { ws, client } = await openSocket(t, { ...options, client: { early } });
      assert.equal(await ws.receive(), "hello");
      assert.equal((await ws.whenClosed).code, 1005);
      assert.deepEqual(await client.closed(), [1005, ""]);
    });

    test("the bytes of 20 connections at once never mix", async (t) => {
      const server = await serve(
        t,
        async (ws) => {
          for await (const message of ws) await ws.send(message);
        },
        options,
      );
      const clients = await Promise.all(Array.from({ length: 20 }, () => server.connect()));
      const sizes = [10, 1_000, 70_000];
      for (const size of sizes) {
        const frames = clients.map((_, each) => frameOf(Opcode.binary, Buffer.alloc(size, each)));
        // In two parts, so that a message of each is under way while the others' come.
        for (const [each, client] of clients.entries()) client.write(frames[each]!.subarray(0, size / 2));
        await turns(3);
        for (const [each, client] of clients.entries()) client.write(frames[each]!.subarray(size / 2));
      }
      for (const [each, client] of clients.entries()) {
        for (const size of sizes) {
          const [, bytes] = await client.nextOf("binary");
          assert.ok(bytes.equals(Buffer.alloc(size, each)));
        }
      }
    });

    test(
      "hostile 29: 10,000 bytes in segments of one byte are one message",
      { timeout: 15_000 },
      async (t) => {
        const { ws, client } = await openSocket(t, options);
        client.socket.setNoDelay(true);
        const message = Buffer.alloc(10_000, "x");
        const frame = frameOf(Opcode.binary, message);
        for (let at = 0; at < frame.length; at++) {
          client.write(frame.subarray(at, at + 1));
          if (at % 100 === 0) await turns();
        }
        assert.ok(message.equals((await ws.receive()) as Buffer));
      },
    );

    test("a half-closed connection is ended, and its last messages are not lost", async (t) => {
      const { ws, client, server } = await openSocket(t, options);
      for (let each = 0; each < 100; each++) client.text(String(each));
      client.end();
      let taken = 0;
      for await (const message of ws) assert.equal(message, String(taken++));
      assert.equal(taken, 100);
      assert.equal((await ws.whenClosed).code, 1006);
      await until(() => server.sockets.size === 0);
    });
  });
}
