/** Listeners of others that were there before, and listeners of ours that are there no longer. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { describe, test } from "node:test";
import fastify from "fastify";
import { Sockets } from "jackfield";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { WebSocketServer } from "ws";
import {
  Client,
  Log,
  RawClient,
  bounded,
  deferred,
  serve,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";
import { echo, echoes, frameworks, sharedApp } from "./apps.js";

/** A guard as applications write it. */
function guard(server: Server): void {
  server.on("upgrade", ({ headers }: IncomingMessage, socket: Duplex) => {
    if (headers.authorization === "let me in") return;
    socket.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    socket.destroy();
  });
}

const authorized = { Authorization: "let me in" };

describe("hostile 113: an upgrade listener that was there before", () => {
  for (const framework of frameworks) {
    for (const path of ["/ours", "/native"]) {
      test(`is asked first on ${framework} if the app wants it: ${path}`, bounded, async (t) => {
        const logger = new Log();
        const options = { askEarlierListeners: true, logger };
        const { port, sockets } = await sharedApp(t, framework, { beside: guard, order: "before", options });
        assert.match(await new RawClient(port).write(upgradeText(path)).all(), /^HTTP\/1\.1 401 /);
        const client = await Client.connect(port, path, { headers: authorized });
        await client.echo("hi");
        assert.equal(sockets.openSockets.limits.total, 1);
        assert.deepEqual(logger.warnings, []);
      });
    }

    test(`is bypassed on ${framework} otherwise, and a warning says so, once`, bounded, async (t) => {
      const logger = new Log();
      const { port } = await sharedApp(t, framework, { beside: guard, order: "before", options: { logger } });
      await echoes(port, "/ours");
      await echoes(port, "/ours");
      assert.equal(logger.warnings.length, 1);
      assert.match(logger.warnings[0] ?? "", /a listener for "upgrade"[^]*before[^]*askEarlierListeners/);
    });
  }

  test("is named by number; false says that the app knows", bounded, async (t) => {
    for (const [askEarlierListeners, count] of [
      [undefined, 1],
      [false, 0],
    ] as const) {
      const logger = new Log();
      const server = createServer();
      guard(server);
      guard(server);
      const choice = askEarlierListeners === undefined ? {} : { askEarlierListeners };
      new Sockets(server, { logger, ...choice }).route("/ours", echo);
      await echoes(await serve(t, server), "/ours");
      assert.equal(logger.warnings.length, count);
      if (count > 0) assert.match(logger.warnings[0] ?? "", /2 listeners/);
    }
  });

  test("is asked once, and one that came later has its turn as ever", bounded, async (t) => {
    const seen: string[] = [];
    const server = createServer();
    server.on("upgrade", ({ url }: IncomingMessage) => seen.push(`earlier ${url ?? ""}`));
    server.once("upgrade", ({ url }: IncomingMessage) => seen.push(`once ${url ?? ""}`));
    new Sockets(server, { askEarlierListeners: true, handshakeTimeout: 50 }).route("/ours", echo);
    new WebSocketServer({ server, path: "/theirs" }).on("connection", (ws) => ws.send("theirs"));
    server.on("upgrade", ({ url }: IncomingMessage) => seen.push(`later ${url ?? ""}`));
    const port = await serve(t, server);
    await echoes(port, "/ours");
    assert.equal(await (await Client.connect(port, "/theirs")).next(), "theirs");
    assert.deepEqual(seen, ["earlier /ours", "once /ours", "earlier /theirs", "later /theirs"]);
  });

  test("is not warned of if it came after ours", bounded, async (t) => {
    const logger = new Log();
    const { port } = await sharedApp(t, "express", { beside: guard, options: { logger } });
    await echoes(port, "/ours");
    assert.deepEqual(logger.warnings, []);
  });
});

function listenersOf(server: Server): Record<string, unknown> {
  const counts = server.eventNames().map((name) => [String(name), server.listenerCount(name)] as const);
  return { ...Object.fromEntries(counts), emit: Object.hasOwn(server, "emit") };
}

describe("hostile 116: after close, the server has no listener of ours", () => {
  test("on a server that Sockets was attached to", bounded, async (t) => {
    const server = createServer((_request, response) => response.end("page"));
    const before = listenersOf(server);
    const sockets = new Sockets(server);
    sockets.route("/ours", echo);
    const port = await serve(t, server);
    const serving = server.listenerCount("connection");
    await echoes(port, "/ours");
    await sockets.close();
    assert.equal(server.listenerCount("connection"), serving - 1);
    assert.equal(server.listenerCount("upgrade"), 0);
    assert.deepEqual(listenersOf(server)["emit"], before["emit"]);
    assert.equal((await upgradeAnswer(port, "/ours")).body, "page");
  });

  test("on Fastify's own server, by app.close()", bounded, async () => {
    const app = fastify();
    const before = listenersOf(app.server);
    new FastifySockets(app).route("/ours", echo);
    await app.listen({ port: 0, host: "127.0.0.1" });
    await echoes((app.server.address() as { port: number }).port, "/ours");
    await app.close();
    const { emit, upgrade, connection } = listenersOf(app.server);
    assert.deepEqual([emit, upgrade, connection], [false, before["upgrade"], before["connection"]]);
  });

  test("but those of Sockets that are still open stay", bounded, async (t) => {
    const server = createServer();
    const one = new Sockets(server);
    const other = new Sockets(server);
    one.route("/one", echo);
    other.route("/other", echo);
    const port = await serve(t, server);
    await one.close();
    await echoes(port, "/other");
    await other.close();
    assert.equal(server.listenerCount("upgrade"), 0);
  });

  test("nor does a tool that wrapped emit meanwhile lead to ours", bounded, async (t) => {
    const server = createServer((_request, response) => response.end("page"));
    const sockets = new Sockets(server);
    sockets.route("/ours", echo);
    const { emit } = server as { emit: (...args: unknown[]) => boolean };
    server.emit = (...args: unknown[]) => Reflect.apply(emit, server, args);
    const port = await serve(t, server);
    await echoes(port, "/ours");
    await sockets.close();
    assert.equal((await upgradeAnswer(port, "/ours")).body, "page");
  });

  for (const framework of ["express", "fastify", "koa", "hono"] as const) {
    test(`and a route on ${framework} answers 503 where the app still runs`, bounded, async (t) => {
      const { port, sockets } = await sharedApp(t, framework);
      await echoes(port, "/ours");
      await sockets.close();
      assert.equal((await upgradeAnswer(port, "/ours")).status, 503);
      assert.equal((await upgradeAnswer(port, "/native")).status, 503);
    });
  }

  test("and an upgrade that waited behind an earlier response meanwhile is 503", bounded, async (t) => {
    const released = deferred();
    const server = createServer((_request, response) => {
      response.write("first");
      void released.promise.then(() => response.end("last"));
    });
    const sockets = new Sockets(server, { handshakeTimeout: 100 });
    sockets.route("/ours", echo);
    const raw = new RawClient(await serve(t, server));
    raw.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${upgradeText("/ours")}`);
    await raw.until("first");
    await sockets.close();
    released.resolve();
    assert.match(await raw.all(), /last[^]*HTTP\/1\.1 503/);
  });
});
