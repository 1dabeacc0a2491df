/** Tools that watch a process wrap `emit` of servers, as OpenTelemetry does: before us, after us, and for all at once. */

import assert from "node:assert/strict";
import { Server, createServer } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { Sockets } from "jackfield";
import { WebSocketServer } from "ws";
import { Client, bounded, serve } from "../frameworks/clients.js";
import { echo, echoes } from "./apps.js";

type Emit = (this: unknown, event: string, ...args: unknown[]) => boolean;

/** Wraps it and keeps what it sees. */
class Watch {
  readonly seen: string[] = [];
  readonly #target: { emit: Emit };
  readonly #former: Emit;

  constructor(target: Server) {
    this.#target = target;
    const former = this.#target.emit;
    this.#former = former;
    const { seen } = this;
    this.#target.emit = function (event, ...args) {
      seen.push(event);
      return former.call(this, event, ...args);
    };
  }

  stop(): void {
    this.#target.emit = this.#former;
  }
}

function listenBeside(server: Server): void {
  new WebSocketServer({ server, path: "/theirs" }).on("connection", (socket) => socket.send("theirs"));
}

function attach(server: Server): void {
  new Sockets(server).route("/ours", echo);
}

async function assertShared(t: TestContext, server: Server): Promise<number> {
  const port = await serve(t, server);
  await assertBoth(port);
  return port;
}

async function assertBoth(port: number): Promise<void> {
  await echoes(port, "/ours");
  assert.equal(await (await Client.connect(port, "/theirs")).next(), "theirs");
}

describe("a server whose emit is wrapped", () => {
  test("before our sockets are attached, is shared as any other", bounded, async (t) => {
    const server = createServer();
    const watch = new Watch(server);
    listenBeside(server);
    attach(server);
    await assertShared(t, server);
    assert.ok(watch.seen.includes("upgrade") && watch.seen.includes("connection"));
  });

  test("afterwards, is shared as any other", bounded, async (t) => {
    const server = createServer();
    listenBeside(server);
    attach(server);
    const watch = new Watch(server);
    await assertShared(t, server);
    assert.equal(watch.seen.filter((event) => event === "upgrade").length, 2);
  });

  test("afterwards, for all servers at once, tells of its events too", bounded, async (t) => {
    const server = createServer((_request, response) => response.end("page"));
    listenBeside(server);
    attach(server);
    const watch = new Watch(Server.prototype);
    t.after(() => watch.stop());
    const port = await assertShared(t, server);
    assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), "page");
    assert.ok(watch.seen.includes("request"));
  });

  test("before, and put back as it was while we are attached, still has our routes", bounded, async (t) => {
    const server = createServer();
    const watch = new Watch(server);
    attach(server);
    watch.stop(); // and with it what we had put around it
    const port = await serve(t, server);
    await echoes(port, "/ours");
  });

  test("is not wrapped by us a second time", () => {
    const server = createServer();
    const sockets = new Sockets(server);
    const emit: unknown = Reflect.get(server, "emit");
    sockets.attach(server);
    new Sockets(server).route("/more", echo);
    assert.equal(Reflect.get(server, "emit"), emit);
    assert.equal(server.listenerCount("upgrade"), 1);
  });
});
