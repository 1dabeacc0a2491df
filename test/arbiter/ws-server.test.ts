/** Beside a `WebSocketServer` of `ws` in the mode in which it answers all paths but its own with 400. */

import assert from "node:assert/strict";
import type { Server } from "node:http";
import { describe, test } from "node:test";
import { WebSocketServer } from "ws";
import { Client, bounded, upgradeAnswer } from "../frameworks/clients.js";
import { echoes, frameworks, sharedApp } from "./apps.js";

function listenBeside(server: Server): void {
  new WebSocketServer({ server, path: "/theirs" }).on("connection", (socket) => {
    socket.on("message", (data: Buffer) => socket.send(`theirs: ${data.toString()}`));
  });
}

async function echoesTheirs(port: number, protocols: string[] = []): Promise<Client> {
  const client = await Client.connect(port, "/theirs", { protocols });
  client.send("hi");
  assert.equal(await client.next(), "theirs: hi");
  return client;
}

for (const framework of frameworks) {
  for (const order of ["before", "after"] as const) {
    describe(`N6: ${framework} beside a server of ws that came ${order} it`, () => {
      test("each has its own paths, routes in the framework's router too", bounded, async (t) => {
        const { port, sockets } = await sharedApp(t, framework, { beside: listenBeside, order });
        const theirs = await echoesTheirs(port);
        const ours = [await echoes(port, "/ours"), await echoes(port, "/native")];
        assert.equal(sockets.openSockets.limits.total, 2);
        assert.equal((await upgradeAnswer(port, "/nobody")).status, 400);
        for (const client of ours) await client.echo("still");
        theirs.send("still");
        assert.equal(await theirs.next(), "theirs: still");
      });

      test("a client that names a subprotocol gets to either of them", bounded, async (t) => {
        const { port } = await sharedApp(t, framework, { beside: listenBeside, order });
        await echoesTheirs(port, ["chat"]);
        // Our routes speak none, so that theirs is asked first; that it refuses is withheld.
        for (const path of ["/ours", "/native"]) {
          const answer = await upgradeAnswer(port, path, { "Sec-WebSocket-Protocol": "chat" });
          assert.equal(answer.status, 101, path);
        }
      });

      test("N4: what our middleware refuses gets its answer, and not theirs", bounded, async (t) => {
        const { port, sockets } = await sharedApp(t, framework, { beside: listenBeside, order });
        const { status, body } = await upgradeAnswer(port, "/refused");
        assert.deepEqual([status, body], [401, "no"]);
        assert.equal(sockets.openSockets.limits.total, 0);
      });
    });
  }
}
