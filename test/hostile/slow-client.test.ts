import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sockets } from "jackfield";
import { Command, app, folderWith } from "../cli/command.js";
import { Client, RawClient, served, upgradeText } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";

describe("hostile 16: on a server of listen", () => {
  test(
    "silent connections and slow headers end within 10 s; sockets stay",
    { timeout: 15_000 },
    async (t) => {
      const sockets = new Sockets();
      sockets.route("/echo", async (ws) => {
        for await (const message of ws) await ws.send(message);
      });
      const server = await sockets.listen(0, "127.0.0.1");
      const port = await served(t, server);
      // Connections are looked at once a second.
      assert.ok(server.headersTimeout > 0 && server.headersTimeout + 1_000 <= 10_000);
      server.headersTimeout = 300;

      const client = await Client.connect(port, "/echo");
      const begin = performance.now();
      const silent = new RawClient(port);
      const begun = new RawClient(port).write(upgradeText("/echo").slice(0, -2));
      const drip = new RawClient(port).write("GET /echo HTTP/1.1\r\nHost: a\r\n");
      const dripping = setInterval(() => drip.write("X: y\r\n"), 100);
      t.after(() => clearInterval(dripping));
      await Promise.all([silent.closed, begun.closed, drip.closed]);
      assert.ok(performance.now() - begin < 5_000);
      for (const { received } of [begun, drip]) assert.match(received, /^HTTP\/1\.1 408 /);
      await client.echo("still here");
    },
  );
});

describe("hostile 16: with a certificate", () => {
  test("a TLS handshake that stalls ends within 10 s; sockets stay", { timeout: 30_000 }, async (t) => {
    const cwd = await folderWith(t, { "cert.pem": cert, "key.pem": key });
    const files = ["--cert", "cert.pem", "--key", "key.pem"];
    const command = await Command.run(t, app("who"), files, { cwd });
    const client = await Client.connect(command.socketUrl, "/who", { rejectUnauthorized: false });
    await client.next(); // the process
    const begin = performance.now();
    const silent = new RawClient(command.port);
    // The head of a ClientHello (RFC 8446 §5.1) whose rest never comes.
    const begun = new RawClient(command.port).write(Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3));
    await Promise.all([silent.closed, begun.closed]);
    assert.ok(performance.now() - begin < 10_000);
    await client.echo("still here");
  });
});
