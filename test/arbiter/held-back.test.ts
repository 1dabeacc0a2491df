/** Answers of a framework that are held back until it is clear that nobody else wants the upgrade. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createReadStream, type ReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, ServerResponse, type IncomingMessage, type Server } from "node:http";
import type { Socket as TcpSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline, type Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import express, { type Express } from "express";
import { Sockets } from "jackfield/express";
import { WebSocketServer } from "ws";
import {
  Client,
  RawClient,
  bounded,
  deferred,
  serve,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";
import { echo, echoes } from "./apps.js";

function listenBeside(server: Server): void {
  new WebSocketServer({ server, path: "/theirs" }).on("connection", (socket) => socket.send("theirs"));
}

async function assertTheirs(port: number): Promise<void> {
  const client = await Client.connect(port, "/theirs");
  assert.equal(await client.next(), "theirs");
  await client.close();
}

/** An app with a route in its own router, so that only it knows what is ours, and others on its server. */
async function shared(
  t: TestContext,
  build: (app: Express) => void,
  beside: (server: Server) => void = listenBeside,
): Promise<{ readonly port: number; readonly server: Server; readonly sockets: Sockets }> {
  const app = express();
  const sockets = new Sockets(app, { handshakeTimeout: 200 });
  app.get("/native", sockets.upgrade(echo));
  app.get("/spoken", sockets.upgrade(echo, { subprotocols: ["ours"] }));
  build(app);
  const server = createServer(app);
  sockets.attach(server);
  beside(server);
  return { port: await serve(t, server), server, sockets };
}

/** Larger than any buffer of a response, so that whoever writes it waits for somebody to read. */
const large = 4 * 1_024 * 1_024;

async function largeFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "jackfield-page-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "index.html");
  await writeFile(file, Buffer.alloc(large, "a"));
  return file;
}

/** Takes all that it hears of, but not in its turn. */
function takeLate(server: Server): void {
  const theirs = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    setTimeout(() => theirs.handleUpgrade(request, socket, head, (ws) => ws.send("theirs")), 20);
  });
}

describe("a page that an app has for all paths", () => {
  test("keeps nobody from their socket, however large it is; and its file is closed", bounded, async (t) => {
    const file = await largeFile(t);
    const pages: ReadStream[] = [];
    const { port } = await shared(t, (app) =>
      app.use((_request, response) => {
        const page = createReadStream(file);
        pages.push(page);
        pipeline(page, response, () => undefined);
      }),
    );
    await assertTheirs(port);
    await echoes(port, "/native");
    assert.equal(pages.length, 1);
    for (const page of pages) if (!page.closed) await once(page, "close");
  });

  test("is no answer to a WebSocket: who comes late still gets it", bounded, async (t) => {
    const { port } = await shared(
      t,
      (app) => app.use((_request, response) => void response.send("page")),
      takeLate,
    );
    await assertTheirs(port);
  });

  test("is a 404 at the deadline, where nobody comes", bounded, async (t) => {
    const { port } = await shared(
      t,
      (app) => app.use((_request, response) => void response.send("page")),
      (server) => void server.on("upgrade", () => undefined),
    );
    assert.equal((await upgradeAnswer(port, "/nobody")).status, 404);
  });
});

describe("a response that was held back and is nobody's", () => {
  test("ends, so that what waits for its end goes on: loggers, counters", bounded, async (t) => {
    let underWay = 0;
    const ended = deferred<number>();
    const { port } = await shared(t, (app) =>
      app.use((_request, response, next) => {
        underWay++;
        response.once("close", () => ended.resolve(--underWay));
        next();
      }),
    );
    await assertTheirs(port);
    assert.equal(await ended.promise, 0);
  });

  test("ends with the connection if its app never ends it", bounded, async (t) => {
    const began = deferred<ServerResponse>();
    const { port } = await shared(t, (app) =>
      app.get("/theirs", (_request, response) => {
        response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: 1\n\n");
        began.resolve(response);
      }),
    );
    const client = await Client.connect(port, "/theirs");
    assert.equal(await client.next(), "theirs");
    const response = await began.promise;
    assert.equal(response.destroyed, false);
    await Promise.all([once(response, "close"), client.close()]);
  });

  test("ends with the client if it goes before anybody has decided", bounded, async (t) => {
    const began = deferred<ServerResponse>();
    const { port, sockets } = await shared(t, (app) =>
      app.get("/never", (_request, response) => began.resolve(response)),
    );
    const raw = new RawClient(port).write(upgradeText("/never"));
    const response = await began.promise;
    await Promise.all([once(response, "close"), raw.reset()]);
    assert.equal(sockets.openSockets.limits.total, 0);
  });

  test("goes nowhere if its app ends it past the deadline", bounded, async (t) => {
    const began = deferred<ServerResponse>();
    const { port } = await shared(t, (app) =>
      app.get("/late", (_request, response) => began.resolve(response)),
    );
    assert.equal((await upgradeAnswer(port, "/late")).status, 503);
    const response = await began.promise;
    response.end("late");
    await once(response, "close");
    await echoes(port, "/native");
  });
});

describe("an answer that is one to a WebSocket", () => {
  for (const [who, beside] of [
    ["beside others", listenBeside],
    ["alone", () => undefined],
  ] as const) {
    test(`comes whole, however large the file that is streamed into it, ${who}`, bounded, async (t) => {
      const file = await largeFile(t);
      const { port } = await shared(
        t,
        (app) =>
          app.get("/refused", (_request, response) => void createReadStream(file).pipe(response.status(401))),
        beside,
      );
      const { status, body } = await upgradeAnswer(port, "/refused");
      assert.deepEqual([status, body.length], [401, large]);
    });
  }

  for (const [name, refuse] of Object.entries({
    "hangs up": (socket: Duplex) => void socket.destroy(),
    "says 400 and then hangs up": (socket: Duplex) =>
      void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n", () => socket.destroy()),
    "answers as Node's server would": (socket: Duplex, request: IncomingMessage) => {
      const response = new ServerResponse(request);
      response.assignSocket(socket as TcpSocket);
      response.on("finish", () => socket.destroy());
      response.writeHead(400).end("theirs");
    },
  })) {
    test(`comes before that of another listener, which ${name}`, bounded, async (t) => {
      const { port } = await shared(
        t,
        (app) => app.get("/refused", (_request, response) => void response.status(401).send("ours")),
        (server) =>
          void server.on("upgrade", (request: IncomingMessage, socket: Duplex) => refuse(socket, request)),
      );
      const { status, body } = await upgradeAnswer(port, "/refused");
      assert.deepEqual([status, body], [401, "ours"]);
      // A client that names what we don't speak is theirs to take, not theirs to refuse.
      const headers = { "Sec-WebSocket-Protocol": "chat" };
      await (await Client.connect(port, "/native", { headers })).echo("ours");
      // What surely isn't ours, they may refuse.
      await new RawClient(port).write(upgradeText("/nobody")).closed;
    });
  }
});

describe("a client that names subprotocols", () => {
  test("gets to the route in the framework's router that speaks one", bounded, async (t) => {
    const asked: (string | undefined)[] = [];
    const { port } = await shared(
      t,
      () => undefined,
      (server) =>
        void server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
          asked.push(request.url);
          socket.destroy();
        }),
    );
    const client = await echoes(port, "/spoken", ["theirs", "ours"]);
    assert.equal(client.ws.protocol, "ours");
    assert.deepEqual(asked, []);
  });
});

test("somebody who watches the bytes of all connections doesn't take them", bounded, async (t) => {
  let bytes = 0;
  const { port } = await shared(
    t,
    () => undefined,
    (server) => {
      listenBeside(server);
      server.on("connection", (socket: TcpSocket) => {
        socket.on("data", (chunk: Buffer) => (bytes += chunk.length));
      });
    },
  );
  await echoes(port, "/native");
  await assertTheirs(port);
  assert.ok(bytes > 0);
});
