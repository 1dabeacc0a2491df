/** Several listening addresses of one app: Fastify makes a server for each that `localhost` stands for. */

import { once } from "node:events";
import dns, { type LookupAddress } from "node:dns";
import assert from "node:assert/strict";
import { request, type IncomingMessage } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import fastify, { type FastifyInstance } from "fastify";
import { Sockets } from "jackfield";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { WebSocketServer } from "ws";
import { Client, bounded } from "../frameworks/clients.js";
import { echo } from "./apps.js";

const both: readonly LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

const skip = !(await canListenTo("::1")) && "there is no ::1 here";

async function canListenTo(host: string): Promise<boolean> {
  const server = createServer().listen(0, host);
  const isListening = await once(server, "listening").then(
    () => true,
    () => false,
  );
  server.close();
  return isListening;
}

type Lookup = (host: string, options: { all?: boolean }, callback: (...results: unknown[]) => void) => void;

/** Has `localhost` stand for both, whatever this machine says. */
function resolveToBoth(t: TestContext): void {
  const real: Lookup = dns.lookup;
  const lookup: Lookup = (host, options, callback) => {
    if (host === "localhost" && options.all === true) callback(null, both);
    else real(host, options, callback);
  };
  t.mock.method(dns, "lookup", lookup as typeof dns.lookup);
}

/** @returns the addresses, or `undefined` if a port is free on one of them only */
async function listen(t: TestContext, app: FastifyInstance): Promise<readonly string[] | undefined> {
  t.after(() => app.close());
  resolveToBoth(t);
  await app.listen({ port: 0, host: "localhost" });
  const addresses = app.addresses() as AddressInfo[];
  if (addresses.length === both.length) {
    return addresses.map(({ address, port, family }) => {
      const host = family === "IPv6" ? `[${address}]` : address;
      return `ws://${host}:${port}`;
    });
  }
  t.skip("the port is taken on one of the addresses");
  return undefined;
}

async function assertAllEcho(urls: readonly string[], path: string): Promise<void> {
  for (const url of urls) {
    const client = await Client.connect(url, path);
    await client.echo(url);
    await client.close();
  }
}

describe("a Fastify app that listens to localhost", { skip }, () => {
  test("has its sockets on 127.0.0.1 and on ::1", bounded, async (t) => {
    const app = fastify();
    const sockets = new FastifySockets(app);
    sockets.route("/ours", echo);
    app.get("/native", sockets.upgrade(echo));
    const urls = (await listen(t, app)) ?? [];
    await assertAllEcho(urls, "/ours");
    await assertAllEcho(urls, "/native");
  });

  test("has those too that are attached when it listens already", bounded, async (t) => {
    const app = fastify();
    const urls = (await listen(t, app)) ?? [];
    const sockets = new Sockets();
    sockets.route("/ours", echo);
    sockets.attach(app.server);
    await assertAllEcho(urls, "/ours");
    await sockets.close();
  });

  test("shares each address with others", bounded, async (t) => {
    const app = fastify();
    const theirs = new WebSocketServer({ server: app.server, path: "/theirs" });
    theirs.on("connection", (socket) => socket.send("theirs"));
    const sockets = new FastifySockets(app);
    sockets.route("/ours", echo);
    const urls = (await listen(t, app)) ?? [];
    for (const url of urls) {
      const client = await Client.connect(url, "/theirs");
      assert.equal(await client.next(), "theirs");
      await client.close();
    }
    await assertAllEcho(urls, "/ours");
  });

  test("ends the sockets of all addresses when it closes", bounded, async (t) => {
    const app = fastify();
    const sockets = new FastifySockets(app);
    sockets.route("/ours", echo);
    const urls = (await listen(t, app)) ?? [];
    const clients = await Promise.all(urls.map((url) => Client.connect(url, "/ours")));
    const [, ended] = await Promise.all([app.close(), Promise.all(clients.map(({ closed }) => closed))]);
    assert.ok(ended.every(({ code }) => code === 1001));
  });

  test("serves other upgrades on all addresses as what they are", bounded, async (t) => {
    const app = fastify();
    app.get("/page", () => "page");
    const sockets = new FastifySockets(app);
    sockets.route("/ours", echo);
    const urls = (await listen(t, app)) ?? [];
    for (const url of urls) {
      const headers = { Connection: "Upgrade", Upgrade: "h2c" };
      const asked = request(url.replace("ws:", "http:"), { path: "/page", headers, agent: false }).end();
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      assert.equal(await text(response), "page");
    }
  });
});
