import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import express from "express";
import { Sockets } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import { WebSocketServer } from "ws";
import {
  Client,
  Log,
  RawClient,
  bounded,
  clientFrame,
  deferred,
  serve,
  served,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";

/** Another library on the same server, which takes only what is its own. */
function listenBeside(server: Server, own = "/theirs"): void {
  const theirs = new WebSocketServer({ noServer: true });
  theirs.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => socket.send(`theirs: ${data.toString()}`));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url !== own) return;
    theirs.handleUpgrade(request, socket, head, (ws) => theirs.emit("connection", ws, request));
  });
}

async function assertTheirs(port: number, path = "/theirs"): Promise<void> {
  const client = await Client.connect(port, path);
  client.send("hi");
  assert.equal(await client.next(), "theirs: hi");
}

async function assertOurs(port: number, path = "/ours"): Promise<void> {
  await (await Client.connect(port, path)).echo("hi");
}

describe("N6: beside another upgrade listener", () => {
  for (const order of ["before", "after"] as const) {
    test(`that came ${order} it, node:http's Sockets takes its own paths only`, bounded, async (t) => {
      const server = createServer();
      if (order === "before") listenBeside(server);
      const sockets = new Sockets(server, { handshakeTimeout: 50 });
      sockets.route("/ours", async (ws) => {
        for await (const message of ws) await ws.send(message);
      });
      if (order === "after") listenBeside(server);
      const port = await serve(t, server);
      await assertTheirs(port);
      await assertOurs(port);
      const client = await Client.connect(port, "/theirs");
      assert.equal((await upgradeAnswer(port, "/nobody")).status, 404);
      // After the deadline, theirs is as it was.
      client.send("still");
      assert.equal(await client.next(), "theirs: still");
      assert.equal(sockets.openSockets.limits.total, 1);
    });

    test(`that came ${order} it, Express's does so too, native routes and all`, bounded, async (t) => {
      const app = express();
      const sockets = new ExpressSockets(app, { handshakeTimeout: 50, maxConnections: 3 });
      app.get("/refused", (_request, response) => {
        response.status(401).json({ error: "no" });
      });
      app.get(
        "/refused",
        sockets.upgrade(() => undefined),
      );
      app.get("/never", () => undefined);
      const echo = sockets.upgrade(async (ws) => {
        for await (const message of ws) await ws.send(message);
      });
      app.get("/native", echo);
      app.get("/slow", (_request, _response, next) => void setImmediate(next), echo);
      sockets.route("/ours", async (ws) => {
        for await (const message of ws) await ws.send(message);
      });
      const server = createServer(app);
      if (order === "before") listenBeside(server);
      sockets.attach(server);
      if (order === "after") listenBeside(server);
      const port = await serve(t, server);

      await assertTheirs(port);
      await assertOurs(port);
      await assertOurs(port, "/native");
      await assertOurs(port, "/slow");
      // There are three of ours now; answers that are no sockets come all the same.
      const refused = await upgradeAnswer(port, "/refused");
      assert.deepEqual([refused.status, refused.body], [401, '{"error":"no"}']);
      assert.equal((await upgradeAnswer(port, "/ours")).status, 503);
      assert.equal((await upgradeAnswer(port, "/native")).status, 503);
      assert.equal((await upgradeAnswer(port, "/never")).status, 503);
      const nobody = await upgradeAnswer(port, "/nobody");
      assert.deepEqual([nobody.status, nobody.body], [404, "There is no WebSocket here.\n"]);
      assert.equal(sockets.openSockets.limits.total, 3);
    });
  }

  test("they are not told of what leads to a route", bounded, async (t) => {
    const server = createServer();
    const seen: string[] = [];
    const sockets = new Sockets(server);
    sockets.route("/ours", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      seen.push(request.url ?? "");
      socket.destroy();
    });
    const port = await serve(t, server);
    await assertOurs(port);
    await new RawClient(port).write(upgradeText("/else")).closed;
    await assertOurs(port);
    assert.deepEqual(seen, ["/else"]);
  });

  test("an unclaimed path is left alone until the handshake timeout", bounded, async (t) => {
    const server = createServer();
    new Sockets(undefined, { handshakeTimeout: 300 }).init(server);
    const taken: [Duplex, number][] = [];
    server.on(
      "upgrade",
      (_request: IncomingMessage, socket: Duplex) => void taken.push([socket, Date.now()]),
    );
    const port = await serve(t, server);
    const raw = new RawClient(port).write(upgradeText("/"));
    assert.equal(await raw.status(), 404);
    assert.ok(Date.now() - (taken[0]?.[1] ?? 0) >= 290);
    await raw.closed;
  });

  test("one that takes its time, but begins before the timeout, keeps the socket", bounded, async (t) => {
    const server = createServer();
    new Sockets(undefined, { handshakeTimeout: 50 }).init(server);
    server.on("upgrade", (_request: IncomingMessage, socket: Duplex) => {
      setImmediate(() => socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
      setTimeout(() => socket.end("done"), 400);
    });
    const raw = new RawClient(await serve(t, server)).write(upgradeText("/"));
    assert.equal(await raw.all(), "HTTP/1.1 101 Switching Protocols\r\n\r\ndone");
  });

  test("unclaimed paths get their answer on connections with keep-alive too", bounded, async (t) => {
    const app = express();
    const sockets = new ExpressSockets(app, { handshakeTimeout: 50 });
    app.get("/refused", (_request, response) => {
      response.status(401).end();
    });
    app.get(
      "/native",
      sockets.upgrade(() => undefined),
    );
    app.get("/", (_request, response) => {
      response.send("page");
    });
    const server = createServer(app);
    sockets.attach(server);
    listenBeside(server);
    const port = await serve(t, server);
    for (const [path, status] of [
      ["/nobody", 404],
      ["/refused", 401],
      ["/native", 101],
    ] as const) {
      const raw = new RawClient(port).write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await raw.until("page");
      raw.received = "";
      assert.equal(await raw.write(upgradeText(path)).status(), status, path);
    }
  });

  test("hostile 17: resets of what nobody took leave the process alive", bounded, async (t) => {
    const app = express();
    const sockets = new ExpressSockets(app, { handshakeTimeout: 100 });
    app.get("/never", () => void server.emit("seen"));
    app.get(
      "/native",
      sockets.upgrade(() => undefined),
    );
    sockets.route("/ours", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    const server = createServer(app);
    sockets.attach(server);
    listenBeside(server);
    for (const event of ["upgrade", "request"]) server.on(event, () => server.emit("seen"));
    const port = await serve(t, server);
    const requests = [
      upgradeText("/nobody"),
      upgradeText("/never"),
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
      upgradeText("/%"),
    ];
    for (const request of requests) {
      const raw = new RawClient(port).write(request);
      await once(server, "seen");
      await raw.reset();
    }
    await assertOurs(port);
    await assertTheirs(port);
    // And past the deadline.
    assert.equal((await upgradeAnswer(port, "/nobody")).status, 404);
    await assertOurs(port);
  });

  test("while it drains, the other's upgrades still get through", bounded, async (t) => {
    const app = express();
    const sockets = new ExpressSockets(app, { handshakeTimeout: 50 });
    app.get(
      "/native",
      sockets.upgrade(() => undefined),
    );
    const finish = deferred();
    sockets.route("/ours", () => finish.promise);
    const server = createServer(app);
    sockets.attach(server);
    listenBeside(server);
    const port = await serve(t, server);
    await Client.connect(port, "/ours");
    const closed = sockets.close();
    await assertTheirs(port);
    assert.equal((await upgradeAnswer(port, "/ours")).status, 503);
    assert.equal((await upgradeAnswer(port, "/native")).status, 503);
    finish.resolve();
    await closed;
    await assertTheirs(port);
  });
});

async function pages(t: TestContext): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { upgrade, connection } = request.headers;
      response.end(
        `[${request.method ?? ""} ${request.url ?? ""} ${body} ${upgrade ?? "-"} ${connection ?? "-"}]`,
      );
    });
  });
  const sockets = new Sockets(server, { handshakeTimeout: 50, logger: new Log() });
  sockets.route("/ours", async (ws) => {
    for await (const message of ws) await ws.send(message);
  });
  return { port: await serve(t, server), server };
}

const post = (fields: string): string =>
  `POST /p HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${fields}\r\n`;

const upgradeTo = (upgrade: string): string =>
  `GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`;

describe("an upgrade to something else than a websocket (RFC 9110 §7.8)", () => {
  test("is served as the plain request that it is, and keep-alive goes on", bounded, async (t) => {
    const { port } = await pages(t);
    const raw = new RawClient(port);
    const h2c = "Connection: keep-alive, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n";
    await raw.write(`GET /a HTTP/1.1\r\nHost: a\r\n${h2c}\r\n`).until("[GET /a  - keep-alive]");
    await raw.write("GET /b HTTP/1.1\r\nHost: a\r\n\r\n").until("[GET /b  - -]");
    await raw.write(`GET /c HTTP/1.1\r\nHost: a\r\n${h2c}\r\n`).until("[GET /c  - keep-alive]");
    await raw.write(upgradeText("/ours")).until("101 Switching Protocols");
    await raw.write(clientFrame("hi")).until("\x81\x02hi");
  });

  test(
    "keeps its body, in one segment with the head or not, and what is pipelined behind",
    bounded,
    async (t) => {
      const { port } = await pages(t);
      // A Node that reads the bodies of upgrades itself leaves nothing of the connection for what comes behind.
      const goesOn = !("shouldUpgradeCallback" in createServer());
      const behind = "GET /behind HTTP/1.1\r\nHost: a\r\n\r\n";
      const chunked = "5\r\nhello\r\n0\r\n\r\n";
      for (const [fields, body] of [
        ["Content-Length: 5\r\n", "hello"],
        ["Transfer-Encoding: chunked\r\n", chunked],
      ] as const) {
        const whole = new RawClient(port).write(post(fields) + body + behind);
        const last = goesOn ? "[GET /behind  - -]" : "[POST /p hello ";
        assert.match(await whole.until(last), goesOn ? /\[POST \/p hello - [^\]]*\]/ : /\[POST \/p hello /);
        const parts = new RawClient(port).write(post(fields));
        await new Promise(setImmediate);
        parts.write(body.slice(0, 3));
        await new Promise(setImmediate);
        parts.write(body.slice(3));
        await parts.until("[POST /p hello ");
        if (goesOn) await parts.write(behind).until("[GET /behind  - -]");
      }
    },
  );

  test("hostile 2: nor is one of HTTP/1.0 ever switched", bounded, async (t) => {
    const { port } = await pages(t);
    const raw = new RawClient(port).write(upgradeText("/ours").replace("HTTP/1.1", "HTTP/1.0"));
    assert.match(await raw.all(), /^HTTP\/1\.1 200 OK[^]*\[GET \/ours/);
  });

  test("behind a request whose response is still to come is served in its turn", bounded, async (t) => {
    const release: (() => void)[] = [];
    const server = createServer((request, response) => {
      if (request.url === "/slow") release.push(() => response.end("[slow]"));
      else response.end(`[${request.url ?? ""}]`);
    });
    new Sockets().init(server);
    const port = await serve(t, server);
    const raw = new RawClient(port);
    raw.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    raw.write("GET /2 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    raw.write("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    while (release.length === 0) await new Promise(setImmediate);
    release[0]?.();
    assert.match(await raw.until("[/3]"), /\[slow\][^]*\[\/2\][^]*\[\/3\]/);
  });

  test(
    "with so many fields that Node drops some is refused: its body could pass for a request",
    bounded,
    async (t) => {
      const { port } = await pages(t);
      const head = "POST /p HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n";
      const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
      const fields = `${"a:\r\n".repeat(2_000)}Content-Length: ${smuggled.length}\r\n\r\n`;
      const raw = new RawClient(port).write(head + fields + smuggled);
      assert.match(await raw.all(), /^HTTP\/1\.1 431 /);
      assert.doesNotMatch(raw.received, /smuggled/);
    },
  );

  test(
    "is left alone where others listen, and served at the deadline if none takes it",
    bounded,
    async (t) => {
      const { port, server } = await pages(t);
      server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
        if (request.headers.upgrade === "other") socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nother");
      });
      assert.match(await new RawClient(port).write(upgradeTo("other")).all(), /\r\n\r\nother$/);
      await new RawClient(port).write(upgradeTo("h2c")).until("[GET /x  - ");
      assert.ok(await served(t, server));
    },
  );
});
