/** Errors of connections, in every state of an upgrade: only the connection ends. An unhandled one ends the test run. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Sockets, acceptUpgrade } from "jackfield";
import { RawClient, bounded, serve, until, upgradeText } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";
import { echoes, frameworks, sharedApp } from "./apps.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

const upgradeTo = (upgrade: string, path = "/"): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`;

const upgrades: Readonly<Record<string, string>> = {
  "a WebSocket": upgradeText("/ours"),
  "a WebSocket in the framework's router": upgradeText("/native"),
  "a WebSocket that is refused": upgradeText("/refused"),
  "a WebSocket that nobody has": upgradeText("/nobody"),
  "a broken handshake": upgradeText("/ours").replace("13", "12"),
  h2c: upgradeTo("h2c"),
  foo: upgradeTo("foo"),
};

/** More than the buffers in between take. */
const filler = Buffer.alloc(300_000, "x");

/** When the client resets the connection, in milliseconds: before, while and after the earlier response comes. */
const resets = [0, 15, 40, 80];

function nothing(): void {}

function leaveAlone(server: Server): void {
  server.on("upgrade", () => undefined);
}

async function resetAll(port: number, tls: boolean, before: string): Promise<void> {
  await Promise.all(
    Object.values(upgrades).flatMap((upgrade) =>
      resets.map(async (delay) => {
        const raw = new RawClient(port, { tls });
        raw.write(before + upgrade).write(filler);
        await sleep(delay);
        await raw.reset();
      }),
    ),
  );
}

for (const tls of [false, true]) {
  const transport = tls ? "TLS" : "TCP";
  for (const framework of frameworks) {
    for (const [company, beside] of Object.entries({
      alone: () => undefined,
      "beside another listener": leaveAlone,
    })) {
      test(
        `hostile 75: ${framework} over ${transport}, ${company}, lives on when upgrades are reset`,
        bounded,
        async (t) => {
          const options = { handshakeTimeout: 150 };
          const { port, sockets } = await sharedApp(t, framework, { tls, options, beside });
          await resetAll(port, tls, get("/slow"));
          await resetAll(port, tls, "");
          await until(() => sockets.openSockets.limits.total === 0 && sockets.size === 0);
          if (!tls) await echoes(port, "/ours");
        },
      );
    }
  }

  test(`hostile 75: acceptUpgrade over ${transport} lives on when upgrades are reset`, bounded, async (t) => {
    const port = await bareServer(t, tls);
    await resetAll(port, tls, get("/slow"));
    await resetAll(port, tls, "");
    await new RawClient(port, { tls }).write(upgradeText("/")).until("101 Switching");
  });
}

async function bareServer(t: TestContext, tls: boolean): Promise<number> {
  const server = tls ? createSecureServer({ key, cert }) : createServer();
  server.on("request", (_request, response) => void sleep(30).then(() => response.end("slow")));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    acceptUpgrade(request, socket, head);
  });
  return serve(t, server);
}

describe("hostile 78: a listener of ours", () => {
  test(
    "stays as long as an error may come, also when another listener has the connection",
    bounded,
    async (t) => {
      const connections: Duplex[] = [];
      const { port, server } = await sharedApp(t, "http", {
        options: { handshakeTimeout: 50 },
        beside: (shared) =>
          // It takes the connection, and listens for nothing but bytes.
          shared.on("upgrade", (_request: IncomingMessage, socket: Duplex) => {
            connections.push(socket);
            socket.on("data", () => undefined);
            socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
          }),
      });
      const raw = new RawClient(port).write(upgradeText("/theirs"));
      await raw.until("101");
      await sleep(150); // past the deadline, at which we let go of it
      const [connection] = connections;
      assert.ok(connection);
      connection.destroy(new Error("theirs"));
      await raw.closed;
      assert.equal(server.listening, true);
    },
  );

  test(
    "stays behind those of middleware, which listens only while its response is on its way",
    bounded,
    async (t) => {
      const connections: Duplex[] = [];
      const server = createServer((request, response) => {
        const { socket } = request;
        connections.push(socket);
        socket.on("error", nothing);
        response.on("finish", () => setImmediate(() => socket.off("error", nothing)));
        setTimeout(() => response.end("page"), 5);
      });
      new Sockets(server).route("/ours", () => undefined);
      const port = await serve(t, server);
      const raw = new RawClient(port);
      for (let round = 1; round <= 3; round++)
        await raw.write(upgradeTo("h2c")).until(new RegExp(`(?:page[^]*){${round}}`));
      await sleep(20);
      connections.at(-1)?.destroy(new Error("late"));
      await raw.closed;
      await new RawClient(port).write(get("/")).until("page");
    },
  );
});

test(
  "hostile 78: a client that ends while its upgrade waits is let go, and no listener gets its connection",
  bounded,
  async (t) => {
    const taken: string[] = [];
    const server = createServer((_request, response) => void sleep(50).then(() => response.end("slow")));
    new Sockets(server).route("/ours", () => undefined);
    server.on("upgrade", ({ url }: IncomingMessage) => taken.push(String(url)));
    const port = await serve(t, server);
    for (const upgrade of [upgradeTo("foo"), upgradeText("/ours")]) {
      const raw = new RawClient(port, { allowHalfOpen: true });
      raw.write(get("/") + upgrade).socket.end();
      await raw.closed;
      assert.match(raw.received, /slow$/);
    }
    assert.deepEqual(taken, []);
  },
);
