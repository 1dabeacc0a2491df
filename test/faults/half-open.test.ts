/** Peers that are gone without a word: whatever is sent to them is swallowed, and nothing comes. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Socket as TcpSocket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { openConnection } from "#src/client/open-connection.js";
import { Connection } from "#src/connection/connection.js";
import { defaultConnectionSettings } from "#src/connection/settings.js";
import { takeSocket } from "#src/node/socket-reading.js";
import { TcpTransport } from "#src/node/tcp-transport.js";
import { Client, RawClient, bounded, handshakeHeaders, until, upgradeText } from "../frameworks/clients.js";
import { FaultyLine, type Way } from "../services/faulty-line.js";
import { EchoSite } from "./echo-site.js";

const heartbeat = { pingInterval: 200, pongTimeout: 200 } as const;

/** What a machine that is busy may add to the timeouts, in milliseconds: a fraction of what holds without them. */
const BUSY = 3_000;

const ways: readonly (readonly [string, readonly Way[]])[] = [
  ["both ways", []],
  ["what comes", ["to the server"]],
  ["what goes", ["to the client"]],
];

async function lineTo(
  t: TestContext,
  options: Parameters<typeof EchoSite.start>[1] = heartbeat,
): Promise<{ site: EchoSite; line: FaultyLine }> {
  const site = await EchoSite.start(t, options);
  return { site, line: await FaultyLine.start(t, site.port) };
}

/** A connection as the client has it, with a heartbeat as fast. */
async function connectAsClient(port: number): Promise<Connection> {
  const upgrade = request({
    port,
    host: "127.0.0.1",
    path: "/hooks",
    agent: false,
    headers: handshakeHeaders,
  });
  upgrade.end();
  const [, socket, head] = (await once(upgrade, "upgrade")) as [IncomingMessage, TcpSocket, Buffer];
  const nobody = { released: () => undefined, drained: () => undefined, misused: () => undefined };
  const transport = new TcpTransport(takeSocket(socket, head), {
    role: "client",
    remoteAddress: undefined,
    maxMessageSize: 1_000_000,
    compression: undefined,
  });
  const connection = new Connection(transport, { ...defaultConnectionSettings, ...heartbeat }, nobody);
  connection.start();
  return connection;
}

describe("hostile 54: half-open connections", { concurrency: true }, () => {
  for (const [what, swallowed] of ways)
    for (const path of ["/loop", "/hooks", "/compressed"])
      test(`end with 1006 where the line swallows ${what}, at ${path}`, bounded, async (t) => {
        const { site, line } = await lineTo(t);
        const client = await Client.connect(line.port, path);
        await client.echo("lively");
        const ws = await site.socket();
        const began = performance.now();
        line.swallow(...swallowed);
        const { code, by, clean } = await ws.whenClosed;
        assert.deepEqual({ code, by, clean }, { code: 1006, by: "network", clean: false });
        const limit = heartbeat.pingInterval + heartbeat.pongTimeout + BUSY;
        assert.ok(performance.now() - began < limit);
        await site.untilEmpty();
        assert.deepEqual(site.log.errors, []);
      });

  test("so does one in the middle of a fragmented message", bounded, async (t) => {
    const { site, line } = await lineTo(t);
    const client = await Client.connect(line.port, "/loop", { perMessageDeflate: false });
    client.ws.send("begun", { fin: false });
    client.ws.ping();
    await once(client.ws, "pong");
    line.swallow();
    assert.equal((await (await site.socket()).whenClosed).code, 1006);
  });

  test("the server sends on to them, and gives up none the later", bounded, async (t) => {
    const { site, line } = await lineTo(t);
    await Client.connect(line.port, "/hooks");
    const ws = await site.socket();
    line.swallow();
    const sending = setInterval(() => void ws.send("are you there?"), 20);
    t.after(() => clearInterval(sending));
    assert.equal((await ws.whenClosed).code, 1006);
  });

  test("a client finds out that its server is gone, too", bounded, async (t) => {
    const { line } = await lineTo(t, { pingInterval: 0 });
    const connection = await connectAsClient(line.port);
    const began = performance.now();
    line.swallow();
    const { code, by } = await connection.whenClosed;
    assert.deepEqual({ code, by }, { code: 1006, by: "network" });
    assert.ok(performance.now() - began < heartbeat.pingInterval + heartbeat.pongTimeout + BUSY);
  });

  test("hostile 42: nobody waits longer than the close timeout for their goodbye", bounded, async (t) => {
    const { site, line } = await lineTo(t, { closeTimeout: 300 });
    await Client.connect(line.port, "/hooks");
    const ws = await site.socket();
    line.swallow();
    const { code, clean } = await ws.close(4000, "bye");
    assert.deepEqual({ code, clean }, { code: 4000, clean: false });
    await site.untilEmpty();
  });

  test("a broadcast reaches the others meanwhile", bounded, async (t) => {
    const { site, line } = await lineTo(t);
    await Client.connect(line.port, "/hooks");
    const lively = await Client.connect(site.port, "/hooks");
    const ws = await site.socket();
    line.swallow();
    for (let number = 0; ws.connected; number++) {
      void site.sockets.broadcast(`${number}`);
      assert.equal(await lively.next(), `${number}`);
    }
    await lively.echo("still here");
    assert.equal(site.sockets.size, 1);
  });
});

describe("hostile 16: handshakes that get lost", { concurrency: true }, () => {
  test("a client gives up at its deadline where nothing comes back", bounded, async (t) => {
    const { site, line } = await lineTo(t);
    line.swallow("to the client");
    const url = new URL(`ws://127.0.0.1:${line.port}/hooks`);
    await assert.rejects(openConnection(url, { timeout: 300 }), /there was no answer within 300 ms/);
    // The server believes that it has a client, whose end it never hears of.
    assert.equal((await (await site.socket()).whenClosed).code, 1006);
  });

  test("so it does where nothing arrives, and the server has nothing to forget", bounded, async (t) => {
    const { site, line } = await lineTo(t);
    line.swallow();
    const url = new URL(`ws://127.0.0.1:${line.port}/hooks`);
    await assert.rejects(openConnection(url, { timeout: 300 }), /there was no answer within 300 ms/);
    assert.equal(site.sockets.size, 0);
  });

  test(
    "hostile 18: an upgrade that is never decided ends at the deadline, the client gone or not",
    bounded,
    async (t) => {
      const { site, line } = await lineTo(t, {
        handshakeTimeout: 300,
        before: () => new Promise<undefined>(() => undefined),
      });
      const lost = new RawClient(line.port).write(upgradeText("/hooks"));
      const patient = new RawClient(site.port).write(upgradeText("/hooks"));
      await once(lost.socket, "connect");
      line.swallow("to the client");
      assert.equal(await patient.status(), 503);
      await patient.closed;
      assert.equal(lost.received, "");
      await until(() => site.sockets.size === 0);
    },
  );
});
