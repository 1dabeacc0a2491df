/** Beside Socket.IO 4, whose engine ends all upgrades that nobody has taken after a second. */

import assert from "node:assert/strict";
import type { Server as HttpServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, test, type TestContext } from "node:test";
import { Server } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { bounded, until, upgradeAnswer } from "../frameworks/clients.js";
import { echoes, frameworks, sharedApp } from "./apps.js";

/** When the engine ends what nobody took: a second after the upgrade. Waited for, as nothing tells of it. */
const ENGINE_HAS_SWEPT = 1_500;

function listenBeside(t: TestContext, server: HttpServer): void {
  const theirs = new Server(server);
  theirs.on("connection", (socket) =>
    socket.on("echo", (text: string) => socket.emit("echo", `io: ${text}`)),
  );
  t.after(() => void theirs.close()); // it waits for the server, which ends after it
}

interface Emitter {
  once(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** Socket.IO's emitters are none of Node's. */
async function once(emitter: Emitter, event: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    emitter.once(event, (...args) => resolve(args));
  });
}

async function connected(t: TestContext, port: number, transports: string[]): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${port}`, { transports, forceNew: true, reconnection: false });
  t.after(() => socket.close());
  await once(socket, "connect");
  return socket;
}

async function echoesTheirs(socket: Socket, text: string): Promise<void> {
  const answer = once(socket, "echo");
  socket.emit("echo", text);
  assert.deepEqual(await answer, [`io: ${text}`]);
}

describe("N6: beside Socket.IO, each with its own server", { concurrency: true }, () => {
  for (const framework of frameworks) {
    for (const order of ["before", "after"] as const) {
      test(`${framework} beside Socket.IO that came ${order} it: both live on`, bounded, async (t) => {
        const { port, sockets } = await sharedApp(t, framework, {
          beside: (server) => listenBeside(t, server),
          order,
        });
        const ours = [await echoes(port, "/ours"), await echoes(port, "/native")];
        const theirs = await connected(t, port, ["websocket"]);
        await echoesTheirs(theirs, "at once");
        const polling = await connected(t, port, ["polling", "websocket"]);
        await until(() => polling.io.engine.transport.name === "websocket");
        await echoesTheirs(polling, "upgraded");

        await sleep(ENGINE_HAS_SWEPT);
        for (const client of ours) await client.echo("still");
        for (const socket of [theirs, polling]) await echoesTheirs(socket, "still");
        assert.equal(sockets.openSockets.limits.total, ours.length);
      });
    }
  }
});

describe("beside Socket.IO", () => {
  test("a client that names a subprotocol which we don't speak stays ours", bounded, async (t) => {
    const { port } = await sharedApp(t, "express", { beside: (server) => listenBeside(t, server) });
    for (const path of ["/ours", "/native"]) {
      const answer = await upgradeAnswer(port, path, { "Sec-WebSocket-Protocol": "chat" });
      assert.equal(answer.status, 101);
    }
  });

  test("what nobody takes is ended by it, or answered by us at the deadline", bounded, async (t) => {
    const options = { handshakeTimeout: 50 };
    const beside = (server: HttpServer): void => listenBeside(t, server);
    const { port } = await sharedApp(t, "koa", { beside, options });
    assert.equal((await upgradeAnswer(port, "/nobody")).status, 404);
  });
});
