/** What an upgrade leaves as it is with a server: its classes, its connections, and the responses that come before. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { IncomingMessage, ServerResponse, createServer, type Server, type ServerOptions } from "node:http";
import { createSecureServer } from "node:http2";
import type { Socket as TcpSocket } from "node:net";
import { Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import express from "express";
import { Sockets, acceptUpgrade, type Socket } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import {
  Client,
  Log,
  RawClient,
  bounded,
  portOf,
  serve,
  until,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";
import { echo, echoes, frameworks, sharedApp } from "./apps.js";

class OwnRequest extends IncomingMessage {
  get own(): string {
    return `${this.method ?? ""} ${this.url ?? ""}`;
  }
}

class OwnResponse extends ServerResponse {
  refuse(status: number): void {
    this.statusCode = status;
    this.end("refused");
  }
}

describe("hostile 90: a server with classes of its own", () => {
  const classes = { IncomingMessage: OwnRequest, ServerResponse: OwnResponse } as unknown as ServerOptions;

  test("has them on upgrades that its listener answers", bounded, async (t) => {
    const seen: boolean[] = [];
    const server = createServer(classes, (request, response) => {
      seen.push(request instanceof OwnRequest, response instanceof OwnResponse);
      (response as OwnResponse).refuse(403);
    });
    const sockets = new Sockets(server);
    sockets.upgrade(echo);
    const { status, body } = await upgradeAnswer(await serve(t, server), "/else");
    assert.deepEqual([status, body, seen], [403, "refused", [true, true]]);
  });

  test("has them as ws.request, also where the request would be kept small", bounded, async (t) => {
    const server = createServer(classes);
    const requests: unknown[] = [];
    new Sockets(server).route("/ours", (ws) => void requests.push((ws.request as OwnRequest).own));
    const client = await Client.connect(await serve(t, server), "/ours");
    await client.closed;
    assert.deepEqual(requests, ["GET /ours"]);
  });

  test("has them on Express, whose responses get another prototype", bounded, async (t) => {
    const app = express();
    const sockets = new ExpressSockets(app);
    app.get("/refused", (_request, response) => void response.status(403).send("no"));
    sockets.route("/ours", echo);
    const made: ServerResponse[] = [];
    class Counted extends ServerResponse {
      constructor(request: IncomingMessage) {
        super(request);
        made.push(this);
      }
    }
    const server = createServer({ ServerResponse: Counted }, app);
    sockets.attach(server);
    const port = await serve(t, server);
    assert.equal((await upgradeAnswer(port, "/refused")).status, 403);
    await echoes(port, "/ours");
    assert.equal(made.length, 2);
  });

  test("has them over HTTP/1.1 beside HTTP/2", bounded, async (t) => {
    const seen: boolean[] = [];
    const options = { key, cert, allowHTTP1: true, Http1ServerResponse: OwnResponse };
    const server = createSecureServer(options, (_request, response) => {
      seen.push((response as unknown) instanceof OwnResponse);
      response.end("no");
    }) as unknown as Server;
    const sockets = new Sockets(server);
    sockets.upgrade(echo);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const socket = connectTls({ port: portOf(server), host: "127.0.0.1", rejectUnauthorized: false });
    socket.write(upgradeText("/else"));
    const [chunk] = (await once(socket, "data")) as [Buffer];
    assert.match(chunk.toString(), /^HTTP\/1\.1 200/);
    assert.deepEqual(seen, [true]);
    socket.destroy();
  });
});

/** A stream of both directions that is no socket of `node:net`: what is written to one end comes out of the other. */
class Pipe extends Duplex {
  other: Pipe | undefined;

  static pair(): [Pipe, Pipe] {
    const [one, other] = [new Pipe(), new Pipe()];
    one.other = other;
    other.other = one;
    return [one, other];
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.other?.push(chunk);
    setImmediate(done);
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    if (other !== undefined && !other.destroyed) setImmediate(() => other.destroy());
    done(error);
  }
}

/** Gives a server a connection that is such a stream. */
function connectPipe(t: TestContext, server: Server): Promise<Client> {
  const [ours, theirs] = Pipe.pair();
  t.after(() => theirs.destroy());
  server.emit("connection", theirs);
  return Client.connect("ws://127.0.0.1", "/ours", { createConnection: () => ours as unknown as TcpSocket });
}

describe("hostile 91: a connection that is a Duplex and no socket of node:net", () => {
  for (const framework of frameworks) {
    test(`is a WebSocket on ${framework}, and gives its place back`, bounded, async (t) => {
      const { server, sockets } = await sharedApp(t, framework);
      const client = await connectPipe(t, server);
      await client.echo("hi");
      assert.equal(sockets.openSockets.limits.total, 1);
      await client.close();
      await until(() => sockets.openSockets.limits.total === 0 && sockets.size === 0);
    });
  }

  test("is a WebSocket with acceptUpgrade", bounded, async (t) => {
    const server = createServer();
    const given: (Socket<never> | undefined)[] = [];
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const ws = acceptUpgrade(request, socket, head);
      given.push(ws as Socket<never> | undefined);
      if (ws !== undefined) void echo(ws);
    });
    await (await connectPipe(t, server)).echo("hi");
    assert.equal(given[0]?.remoteAddress, undefined);
  });

  test("is refused like any other", bounded, async (t) => {
    const server = createServer();
    const sockets = new Sockets(server);
    sockets.route("/ours", echo);
    const [ours, theirs] = Pipe.pair();
    t.after(() => theirs.destroy());
    server.emit("connection", theirs);
    ours.write(upgradeText("/ours", "Origin: https://foe.example\r\n"));
    let received = "";
    ours.on("data", (chunk: Buffer) => (received += chunk.toString()));
    await once(ours, "end");
    assert.match(received, /^HTTP\/1\.1 403/);
    await until(() => sockets.openSockets.limits.total === 0);
  });
});

test(
  "what fails after an upgrade was claimed gives back what it counted (hostile 91)",
  bounded,
  async (t) => {
    const logger = new Log();
    const server = createServer();
    const sockets = new Sockets(server, { logger });
    sockets.route("/ours", echo);
    const [ours, theirs] = Pipe.pair();
    ours.on("error", () => undefined);
    server.emit("connection", theirs);
    t.after(() => theirs.destroy());
    Reflect.defineProperty(theirs, "read", {
      get: () => {
        // From the 101 on, it is a stream that can't be read.
        if (theirs.writableLength > 0 || theirs.listenerCount("data") === 0) throw new Error("no stream");
        return Reflect.get(Duplex.prototype, "read") as unknown;
      },
    });
    ours.write(upgradeText("/ours"));
    await once(ours, "close");
    await until(() => sockets.openSockets.limits.total === 0 && sockets.size === 0);
  },
);

describe("hostile 93: requests with Upgrade: TLS/1.2 on one connection", () => {
  for (const framework of frameworks) {
    test(`are all served, and ${framework}'s server hears of the connection once`, bounded, async (t) => {
      const { port, server } = await sharedApp(t, framework);
      const connections: TcpSocket[] = [];
      server.on("connection", (connection: TcpSocket) => connections.push(connection));
      const raw = new RawClient(port);
      const counts: number[] = [];
      for (let round = 1; round <= 15; round++) {
        raw.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n");
        await raw.until(new RegExp(`(?:page[^]*){${round}}`));
        const [connection] = connections;
        assert.ok(connection);
        counts.push(connection.eventNames().reduce((sum, name) => sum + connection.listenerCount(name), 0));
      }
      assert.equal(connections.length, 1);
      assert.equal(counts.at(-1), counts[1], counts.join(", "));
      // And then a WebSocket, on the same connection.
      await raw.write(upgradeText("/ours")).until("101 Switching");
    });
  }
});

describe("hostile 94: an upgrade behind a response that still streams", () => {
  const large = 8 * 1_024 * 1_024;

  for (const upgrade of [upgradeText("/ours"), upgradeText("/nobody")]) {
    test(`waits until it is out, which waits for drain: ${upgrade.slice(4, 11)}`, bounded, async (t) => {
      const server = createServer((request, response) => {
        if (request.url !== "/large") return void response.writeHead(404).end();
        let left = large;
        const write = (): void => {
          for (; left > 0; left -= 65_536) {
            if (response.write(Buffer.alloc(65_536, "a"))) continue;
            left -= 65_536;
            return void response.once("drain", write);
          }
          response.end("the end");
        };
        return write();
      });
      new Sockets(server, { handshakeTimeout: 100 }).route("/ours", echo);
      const raw = new RawClient(await serve(t, server));
      raw.write(`GET /large HTTP/1.1\r\nHost: a\r\n\r\n${upgrade}`);
      await raw.until(/the end[^]*HTTP\/1\.1 (?:101|404)/);
      assert.ok(raw.received.length > large);
    });
  }
});
