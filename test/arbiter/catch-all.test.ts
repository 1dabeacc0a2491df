/** Beside a listener as Next's custom server has one: asynchronous, and it ends every socket that it doesn't know. */

import assert from "node:assert/strict";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { Client, RawClient, bounded, deferred, upgradeAnswer, upgradeText } from "../frameworks/clients.js";
import { echoes, frameworks, sharedApp } from "./apps.js";

/** Resolves its routes first, as Next does, and then ends what is none of them. */
class CatchAll {
  readonly asked: string[] = [];
  readonly #theirs = new WebSocketServer({ noServer: true });
  #ended = deferred();

  constructor() {
    this.#theirs.on("connection", (socket) => socket.send("hot reload"));
  }

  listenTo(server: Server): void {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const { url = "" } = request;
      this.asked.push(url);
      void this.#resolve(url).then((isKnown) => {
        if (isKnown)
          return this.#theirs.handleUpgrade(request, socket, head, (ws) => this.#open(ws, request));
        socket.end();
        this.#ended.resolve();
        return undefined;
      });
    });
  }

  /** Waits until it has ended a socket again. */
  async ended(): Promise<void> {
    await this.#ended.promise;
    this.#ended = deferred();
  }

  #open(ws: unknown, request: IncomingMessage): void {
    this.#theirs.emit("connection", ws, request);
  }

  async #resolve(url: string): Promise<boolean> {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    return url === "/_next/webpack-hmr";
  }
}

for (const framework of frameworks) {
  for (const order of ["before", "after"] as const) {
    test(`N6: ${framework} beside a catch-all that came ${order} it`, bounded, async (t) => {
      const next = new CatchAll();
      const { port } = await sharedApp(t, framework, { beside: (server) => next.listenTo(server), order });
      const ours = [await echoes(port, "/ours"), await echoes(port, "/native")];
      const theirs = await Client.connect(port, "/_next/webpack-hmr");
      assert.equal(await theirs.next(), "hot reload");
      const nobody = new RawClient(port).write(upgradeText("/nobody"));
      await next.ended();
      await nobody.closed;
      assert.equal(nobody.received, "");
      for (const client of ours) await client.echo("still");
      assert.deepEqual(next.asked, ["/_next/webpack-hmr", "/nobody"]);
    });
  }
}

/** Takes all that it hears of, but not in its turn: a proxy waits for the answer of the server behind it. */
function takeLater(server: Server): void {
  const theirs = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    setTimeout(() => theirs.handleUpgrade(request, socket, head, (ws) => ws.send("theirs")), 20);
  });
}

test("N6: a page of ours at the path of their socket doesn't keep them from it", bounded, async (t) => {
  for (const framework of frameworks) {
    const { port } = await sharedApp(t, framework, { beside: takeLater });
    assert.equal(await (await Client.connect(port, "/")).next(), "theirs", framework);
  }
});

test("N4: what our middleware refuses is answered before the catch-all hangs up", bounded, async (t) => {
  for (const framework of frameworks) {
    const next = new CatchAll();
    const { port } = await sharedApp(t, framework, { beside: (server) => next.listenTo(server) });
    const { status, body } = await upgradeAnswer(port, "/refused");
    assert.deepEqual([status, body], [401, "no"], framework);
  }
});
