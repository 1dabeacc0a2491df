/** Routes, blueprints, URLs, and how a site is started. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get as getSecure } from "node:https";
import { text } from "node:stream/consumers";
import { Blueprint } from "jackfield";
import { Client, upgradeAnswer } from "../../frameworks/clients.js";
import { echo } from "../site.js";
import type { Row } from "./row.js";

/** A thousand sockets, in batches, so that the backlog of connections doesn't overflow. */
async function connectMany(port: number, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count)
    clients.push(
      ...(await Promise.all(Array.from({ length: 100 }, async () => Client.connect(port, "/echo")))),
    );
  return clients;
}

export const routes: readonly Row[] = [
  {
    id: "F1",
    holds: "a route is a path and a loop over messages",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/echo");
      await client.echo("hello");
      client.send(Buffer.from([1, 2, 3]));
      assert.deepEqual(await client.next(), Buffer.from([1, 2, 3]));
    },
  },
  {
    id: "F2",
    holds: "HTTP routes of the same app are on the same port",
    check: async ({ start }) => {
      const { port } = await start();
      await (await Client.connect(port, "/echo")).echo("hello");
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "Hello World!");
    },
  },
  {
    id: "F4",
    holds: "the path has variables, in the framework's own syntax, also behind the prefix of a native router",
    check: async ({ start, ownPath }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/facts/caf%C3%A9");
      assert.deepEqual(((await client.nextJson()) as { params: object }).params, { id: "café" });
      const own = await Client.connect(port, ownPath.example);
      assert.deepEqual(await own.nextJson(), ownPath.params);
      assert.equal((await upgradeAnswer(port, ownPath.elsewhere)).status, 404);
      const headers = { Cookie: await logIn(port, "ada") };
      const native = await Client.connect(port, "/native/7", { headers });
      assert.deepEqual(((await native.nextJson()) as { params: object }).params, { id: "7" });
    },
  },
  {
    id: "F5",
    holds: "a blueprint is mounted under several prefixes, and collisions are refused",
    check: async ({ start }) => {
      const { port, sockets } = await start();
      for (const prefix of ["/first", "/second"]) {
        const client = await Client.connect(port, `${prefix}/rooms/7`);
        assert.deepEqual(await client.nextJson(), { id: "7" });
      }
      const other = new Blueprint("contract").route("/", echo);
      assert.throws(() => sockets.register(other, { urlPrefix: "/third" }), { code: "ERR_INVALID_ROUTE" });
    },
  },
  {
    id: "F9",
    holds: "the app may come later than the sockets and their routes",
    check: async ({ start }) => {
      const { port } = await start({ isEarly: true });
      await (await Client.connect(port, "/echo")).echo("hello");
      await (await Client.connect(port, "/while")).echo("hello");
      assert.equal((await upgradeAnswer(port, "/native/7")).status, 401);
    },
  },
  {
    id: "F10",
    holds: "the framework's own way to listen carries the sockets along",
    check: async ({ start }) => {
      const { port } = await start();
      await (await Client.connect(port, "/echo")).echo("hello");
    },
  },
  {
    id: "K2",
    holds: "sockets.listen() serves the app as well",
    check: async ({ start, hasNote }) => {
      const { port, sockets, server } = await start({ socketsListen: true });
      const client = await Client.connect(port, "/echo");
      await client.echo("hello");
      const page = await fetch(`http://127.0.0.1:${port}/`);
      if (hasNote("K2")) {
        assert.equal(page.status, 404);
        assert.equal((await fetch(`http://127.0.0.1:${port}/echo`)).status, 426);
        assert.equal((await upgradeAnswer(port, "/nowhere")).status, 404);
      } else assert.equal(await page.text(), "Hello World!");
      const closed = client.closed;
      await sockets.close();
      assert.equal((await closed).code, 1001);
      assert.equal(server.listening, false);
    },
  },
  {
    id: "K3",
    holds: "a thousand sockets are open in one process, and each is served",
    check: async ({ start }) => {
      const { port, sockets } = await start();
      const clients = await connectMany(port, 1000);
      assert.equal(sockets.size, 1000);
      await Promise.all(clients.map(async (client, at) => client.echo(String(at))));
      for (const client of clients) client.ws.terminate();
    },
  },
  {
    id: "K9",
    holds:
      "routes of another file come as a blueprint with its hooks, or a native router with its middleware",
    check: async ({ start }) => {
      const { port } = await start();
      const room = await Client.connect(port, "/second/rooms/7");
      assert.deepEqual(await room.nextJson(), { id: "7" });
      const closed = await upgradeAnswer(port, "/first/rooms/closed");
      assert.deepEqual([closed.status, JSON.parse(closed.body)], [410, { error: "this room is closed" }]);
      assert.equal((await upgradeAnswer(port, "/native/7")).status, 401);
      const client = await Client.connect(port, "/native/7", {
        headers: { Cookie: await logIn(port, "ada") },
      });
      await client.next();
      await client.echo("hello");
    },
  },
  {
    id: "U9",
    holds:
      "behind a trusted proxy, a socket has its client's address; the word of anybody else counts for nothing",
    check: async ({ start }) => {
      for (const trustsProxy of [false, true]) {
        const { port } = await start({ trustsProxy, sockets: { maxConnectionsPerAddress: 1 } });
        const connect = (address: string): Promise<Client> =>
          Client.connect(port, "/facts/7", { headers: { "X-Forwarded-For": address } });
        const client = await connect("192.0.2.1");
        const { address } = (await client.nextJson()) as { address: string };
        assert.equal(address, trustsProxy ? "192.0.2.1" : "127.0.0.1");
        // The limits count clients, and not the proxy that they have in common.
        const other = connect("192.0.2.2");
        if (trustsProxy) await (await other).close();
        else await assert.rejects(other, /429/);
        await client.close();
      }
    },
  },
  {
    id: "U12",
    holds: "routes have names, which are unique, and URLs by them, also behind a trusted proxy",
    check: async ({ start }) => {
      const proxied = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "chat.example" };
      for (const trustsProxy of [false, true]) {
        const { port, sockets } = await start({ trustsProxy });
        const answer = await fetch(`http://127.0.0.1:${port}/urls`, { headers: proxied });
        const origin = trustsProxy ? "wss://chat.example" : `ws://127.0.0.1:${port}`;
        assert.deepEqual(await answer.json(), {
          path: "/first/rooms/7",
          second: "/second/rooms/a%2Fb",
          external: `${origin}/first/rooms/7`,
          base: "wss://example.com/app/first/rooms/7",
        });
        if (trustsProxy) continue;
        assert.throws(() => sockets.route("/twice", echo, { name: "/echo" }), { code: "ERR_INVALID_ROUTE" });
      }
    },
  },
  {
    id: "U13",
    holds: "it is served over TLS, as wss://",
    check: async ({ start }) => {
      const { port } = await start({ isSecure: true });
      const client = await Client.connect(`wss://127.0.0.1:${port}`, "/echo", { rejectUnauthorized: false });
      await client.echo("hello");
      assert.equal(await securePage(port, "/"), "Hello World!");
      const { external } = JSON.parse(await securePage(port, "/urls")) as { external: string };
      assert.equal(external, `wss://127.0.0.1:${port}/first/rooms/7`);
    },
  },
];

async function securePage(port: number, path: string): Promise<string> {
  const request = getSecure({ port, host: "127.0.0.1", path, rejectUnauthorized: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return text(response);
}

/** @returns the cookie of the session */
export async function logIn(port: number, user: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/login?user=${user}`, { method: "POST" });
  assert.deepEqual(await answer.json(), { ok: true });
  const cookies = answer.headers.getSetCookie();
  assert.match(cookies.join(), /;\s*httponly/i);
  return cookies.map((cookie) => cookie.split(";")[0]).join("; ");
}
