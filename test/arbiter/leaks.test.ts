/** What is handed on leaves nothing behind: no counted connection, no listener. */

import assert from "node:assert/strict";
import type { Server } from "node:http";
import type { Socket as TcpSocket } from "node:net";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { Client, RawClient, bounded, until, upgradeText } from "../frameworks/clients.js";
import { echoes, frameworks, sharedApp } from "./apps.js";

function listenBeside(server: Server): void {
  new WebSocketServer({ server, path: "/theirs" }).on("connection", (socket) => {
    socket.on("message", (data: Buffer) => socket.send(data.toString()));
  });
}

const ROUNDS = 20;
const paths = ["/ours", "/native", "/refused", "/theirs", "/nobody", "/%"];
const protocol = "Sec-WebSocket-Protocol: theirs\r\n";
const requests = paths.flatMap((path) => [upgradeText(path), upgradeText(path, protocol)]);
requests.push("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n");

function listenerCounts(emitter: Server | TcpSocket): Record<string, number> {
  return Object.fromEntries(
    emitter.eventNames().map((event) => [String(event), emitter.listenerCount(event)]),
  );
}

for (const framework of frameworks) {
  test(`on ${framework}, upgrades that are reset at any time leave nothing behind`, bounded, async (t) => {
    const options = { handshakeTimeout: 100 };
    const { port, server, sockets } = await sharedApp(t, framework, { beside: listenBeside, options });
    await (await echoes(port, "/ours")).close();
    const before = listenerCounts(server);
    const counted = (): number => sockets.openSockets.limits.total;
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        requests.map(async (request, at) => {
          const raw = new RawClient(port).write(request);
          // Some go at once, some after the answer has begun, some in between.
          if ((round + at) % 3 === 0) await new Promise(setImmediate);
          if ((round + at) % 3 === 1) await Promise.race([raw.until("HTTP/1.1"), raw.closed]);
          await raw.reset();
        }),
      );
    }
    await until(() => counted() === 0 && sockets.size === 0);
    await (await echoes(port, "/native")).close();
    await until(() => counted() === 0);
    assert.deepEqual(listenerCounts(server), before);
  });

  test(
    `hostile 78: on ${framework}, a socket of theirs has no listener of ours but the one that keeps its errors from ending the process`,
    bounded,
    async (t) => {
      const connections: TcpSocket[] = [];
      const options = { handshakeTimeout: 50 };
      const { port, server } = await sharedApp(t, framework, { beside: listenBeside, options });
      server.on("connection", (connection: TcpSocket) => connections.push(connection));
      for (const protocols of [[], ["theirs"]]) {
        const client = await Client.connect(port, "/theirs", { protocols });
        const connection = connections.at(-1);
        assert.ok(connection);
        // One of `ws` for itself; none of ours for the end, past the time that the handshake may take.
        await until(() => connection.listeners("close").every(({ name }) => name !== "#onClose"));
        const names = connection.listeners("error").map(({ name }) => name);
        assert.deepEqual(names.filter((name) => name === "ignoreErrors").length, 1, names.join(", "));
        await client.echo("still");
      }
    },
  );
}
