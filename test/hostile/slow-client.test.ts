import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sockets } from "jackfield";
import { Command, app } from "../cli/command.js";
import { Client, RawClient, served, upgradeText } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";
import { folderWith } from "../services/folder-with.js";

/** The limit, with some time for a machine that is busy. */
const LIMIT = 12_000;

describe("clients that never come to the point", { timeout: 40_000, concurrency: true }, () => {
  test("hostile 16: silent connections and slow headers end within 10 s; sockets stay", async (t) => {
    const command = await Command.run(t, app("who"));
    const client = await Client.connect(command.socketUrl, "/who");
    await client.next(); // the process
    const begin = performance.now();
    const silent = new RawClient(command.port);
    const begun = new RawClient(command.port).write(upgradeText("/who").slice(0, -2));
    const drip = new RawClient(command.port).write("GET /who HTTP/1.1\r\nHost: a\r\n");
    const dripping = setInterval(() => drip.write("X: y\r\n"), 100);
    t.after(() => clearInterval(dripping));
    await Promise.all([silent.closed, begun.closed, drip.closed]);
    assert.ok(performance.now() - begin < LIMIT);
    for (const { received } of [begun, drip]) assert.match(received, /^HTTP\/1\.1 408 /);
    await client.echo("still here");
  });

  test("hostile 16: a TLS handshake that stalls ends within 10 s; sockets stay", async (t) => {
    const cwd = await folderWith(t, { "cert.pem": cert, "key.pem": key });
    const files = ["--cert", "cert.pem", "--key", "key.pem"];
    const command = await Command.run(t, app("who"), files, { cwd });
    const client = await Client.connect(command.socketUrl, "/who", { rejectUnauthorized: false });
    await client.next(); // the process
    const begin = performance.now();
    const silent = new RawClient(command.port);
    // The head of a ClientHello (RFC 8446 §4.1.2) whose rest never comes.
    const begun = new RawClient(command.port).write(Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3));
    await Promise.all([silent.closed, begun.closed]);
    assert.ok(performance.now() - begin < LIMIT);
    await client.echo("still here");
  });

  test("hostile 16: so it is on a server of listen", async (t) => {
    const server = await new Sockets().listen(0, "127.0.0.1");
    await served(t, server);
    // Connections are looked at once a second.
    assert.ok(server.headersTimeout > 0 && server.headersTimeout + 1_000 <= 10_000);
  });
});
