/** Upgrades to something else than a WebSocket, on servers that others listen to and on those that nobody else does. */

import assert from "node:assert/strict";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { WebSocketServer } from "ws";
import { RawClient, bounded } from "../frameworks/clients.js";
import { echoes, frameworks, sharedApp } from "./apps.js";

const nobody = (): void => undefined;

/** Answers all that isn't its own with 400: what is no WebSocket too. */
function listenBeside(server: Server): void {
  new WebSocketServer({ server, path: "/theirs" }).on("connection", (socket) => socket.close());
}

/** Takes what asks for `foo`. */
function takeFoo(server: Server): void {
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    if (request.headers.upgrade !== "foo") return;
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n");
    socket.on("data", (chunk: Buffer) => socket.write(`foo: ${chunk.toString()}`));
  });
}

/** What Java's HttpClient sends with its first request, if nobody tells it not to. */
const java = (method: string, body: string): string =>
  `${method} / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\n` +
  (body === "" ? "" : `Content-Length: ${body.length}\r\nContent-Type: text/plain\r\n`) +
  "Host: 127.0.0.1\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n" +
  `User-Agent: Java-http-client/21.0.2\r\n\r\n${body}`;

const upgradeTo = (upgrade: string): string =>
  `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`;

const sharings = { "that is its own": nobody, "that ws listens to as well": listenBeside };

for (const framework of frameworks) {
  for (const [kind, beside] of Object.entries(sharings)) {
    describe(`${framework} on a server ${kind}`, () => {
      test("serves Java's HttpClient, with a body and without", bounded, async (t) => {
        const { port } = await sharedApp(t, framework, { beside });
        await new RawClient(port).write(java("GET", "")).until(/ 200 OK[^]*page/);
        await new RawClient(port).write(java("POST", "hello")).until(/ 200 OK[^]*\[hello\]/);
      });

      test("serves an upgrade to TLS, or to what nobody knows, as a plain request", bounded, async (t) => {
        const { port } = await sharedApp(t, framework, { beside });
        for (const upgrade of ["TLS/1.0", "foo", "foo/2, h2c"])
          await new RawClient(port).write(upgradeTo(upgrade)).until(/ 200 OK[^]*page/);
        await echoes(port, "/ours");
      });
    });
  }

  test(`${framework} leaves an upgrade to foo to the one that takes it`, bounded, async (t) => {
    const { port } = await sharedApp(t, framework, { beside: takeFoo });
    const raw = new RawClient(port).write(upgradeTo("foo"));
    await raw.until("\r\n\r\n");
    await raw.write("hi").until("foo: hi");
    assert.match(raw.received, /^HTTP\/1\.1 101 [^]*Upgrade: foo\r\n/);
    await new RawClient(port).write(upgradeTo("bar")).until(/ 200 OK[^]*page/);
    await echoes(port, "/native");
  });
}
