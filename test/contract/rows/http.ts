/** What happens before the 101, as for any other request. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocketServer } from "ws";
import { acceptUpgrade } from "jackfield";
import { Client, RawClient, clientFrame, upgradeAnswer, upgradeText } from "../../frameworks/clients.js";
import { echo } from "../site.js";
import { logIn } from "./routes.js";
import type { Row } from "./row.js";

const acceptOptions = { subprotocols: ["v1"] };

async function me(port: number, cookie: string): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}/me`, { headers: { Cookie: cookie } })).json();
}

export const beforeSwitching: readonly Row[] = [
  {
    id: "F6",
    holds: "log in by fetch, find the session in the handler, save it there, log out: 4401",
    check: async ({ start }) => {
      const { port } = await start();
      const [ada, bob] = [await logIn(port, "ada"), await logIn(port, "bob")];
      const connect = async (cookie: string): Promise<Client> => {
        const client = await Client.connect(port, "/session", { headers: { Cookie: cookie } });
        assert.deepEqual(await client.nextJson(), { user: cookie === ada ? "ada" : "bob" });
        return client;
      };
      const [one, two, other] = [await connect(ada), await connect(ada), await connect(bob)];
      one.send("visit");
      assert.equal(await one.next(), "saved");
      assert.deepEqual(await me(port, ada), { user: "ada", visits: 1 });
      await fetch(`http://127.0.0.1:${port}/logout`, { method: "POST", headers: { Cookie: ada } });
      assert.deepEqual(await one.closed, { code: 4401, reason: "logged out" });
      assert.deepEqual(await two.closed, { code: 4401, reason: "logged out" });
      other.send("visit");
      assert.equal(await other.next(), "saved");
      assert.equal((await upgradeAnswer(port, "/session", { Cookie: ada })).status, 401);
    },
  },
  {
    id: "F7",
    holds: "ws.request is the framework's own, and the one that middleware saw",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/native/7", {
        headers: { Cookie: await logIn(port, "ada") },
      });
      assert.deepEqual(await client.nextJson(), { params: { id: "7" }, isNative: true });
    },
  },
  {
    id: "F8",
    holds: "a plain request to the same path has an answer of its own",
    check: async ({ start, hasNote }) => {
      const { port } = await start();
      const [path, expected] = hasNote("F8") ? ["/page", "a page"] : ["/echo", "a page"];
      await (await Client.connect(port, path)).echo("hello");
      const page = await fetch(`http://127.0.0.1:${port}${path}`);
      assert.deepEqual([page.status, await page.text()], [200, expected]);
      const plain = await fetch(`http://127.0.0.1:${port}/once`);
      if (hasNote("F8")) assert.deepEqual([plain.status, plain.headers.get("upgrade")], [426, "websocket"]);
      else assert.equal(plain.status, 404);
    },
  },
  {
    id: "U7",
    holds: "upgrade() gives a native handler",
    check: async ({ start }) => {
      const { port } = await start();
      await (await Client.connect(port, "/cookies")).echo("hello");
    },
  },
  {
    id: "U7",
    holds: "acceptUpgrade() makes sockets of upgrades of one's own, on the same server",
    check: async ({ start }) => {
      const { port, server } = await start();
      server.on("upgrade", (request, socket, head) => {
        if (request.url !== "/bare") return;
        const ws = acceptUpgrade(request, socket, head, acceptOptions);
        if (ws !== undefined) void echo(ws);
      });
      const bare = await Client.connect(port, "/bare", { protocols: ["v0", "v1"] });
      assert.equal(bare.ws.protocol, "v1");
      await bare.echo("hello");
      assert.equal((await upgradeAnswer(port, "/bare", { Origin: "https://evil.example" })).status, 403);
      await (await Client.connect(port, "/echo")).echo("hello");
    },
  },
  {
    id: "U11",
    holds:
      "the handler knows query, headers, cookies and address, and what the framework tells of the request",
    check: async ({ start }) => {
      const { port } = await start();
      const path = "/facts/7?one=1&two=%C3%A9";
      const client = await Client.connect(port, path, {
        headers: { Cookie: "flavour=ginger", "User-Agent": "contract" },
      });
      assert.deepEqual(await client.nextJson(), {
        params: { id: "7" },
        query: { one: "1", two: "é" },
        agent: "contract",
        cookie: "ginger",
        address: "127.0.0.1",
        url: path,
      });
    },
  },
  {
    id: "N4",
    holds: "what middleware refuses, redirects or throws arrives as HTTP; so does the framework's 404",
    check: async ({ start }) => {
      const { port } = await start();
      const refused = await upgradeAnswer(port, "/native/7");
      assert.deepEqual([refused.status, JSON.parse(refused.body)], [401, { error: "log in first" }]);
      const moved = await upgradeAnswer(port, "/moved");
      assert.deepEqual([moved.status, moved.headers.location], [302, "/elsewhere"]);
      const broken = await upgradeAnswer(port, "/broken");
      assert.deepEqual([broken.status, JSON.parse(broken.body)], [500, { error: "middleware failed" }]);
      const nowhere = await upgradeAnswer(port, "/nowhere");
      const page = await fetch(`http://127.0.0.1:${port}/nowhere`);
      assert.deepEqual([nowhere.status, nowhere.body], [404, await page.text()]);
    },
  },
  {
    id: "N4",
    holds: "hooks that run before may answer for real, and pass",
    check: async ({ start }) => {
      const { port } = await start();
      const { status, headers, body } = await upgradeAnswer(port, "/hooked/no");
      assert.deepEqual(
        [status, headers["x-hook"], headers["set-cookie"], JSON.parse(body)],
        [409, "yes", ["hook=1"], { error: "not now" }],
      );
      const moved = await upgradeAnswer(port, "/hooked/move");
      assert.deepEqual([moved.status, moved.headers.location, moved.body], [303, "/elsewhere", ""]);
      assert.equal((await upgradeAnswer(port, "/hooked/fail")).status, 500);
      await (await Client.connect(port, "/hooked/pass")).echo("hello");
    },
  },
  {
    id: "N5",
    holds: "cookies and headers of middleware are on the 101",
    check: async ({ start }) => {
      const { port } = await start();
      const { headers } = await Client.connect(port, "/cookies");
      assert.match(String(headers["set-cookie"]), /flavour=ginger/);
      assert.equal(headers["x-middleware"], "yes");
      assert.equal(headers["content-length"], undefined);
    },
  },
  {
    id: "N6",
    holds: "another listener of the same server keeps its paths, and we keep ours",
    check: async ({ start, t }) => {
      const { port, server } = await start();
      const theirs = new WebSocketServer({ server, path: "/theirs" });
      t.after(() => {
        for (const client of theirs.clients) client.terminate();
      });
      theirs.on("connection", (ws) => ws.send("theirs"));
      assert.equal(await (await Client.connect(port, "/theirs")).next(), "theirs");
      await (await Client.connect(port, "/echo")).echo("ours");
      await (await Client.connect(port, "/cookies")).echo("ours");
    },
  },
  {
    id: "N11",
    holds: "a subprotocol is chosen by preference, and never one that was not offered",
    check: async ({ start }) => {
      const { port, log } = await start();
      const client = await Client.connect(port, "/spoken", { protocols: ["v1", "v2"] });
      assert.deepEqual([client.ws.protocol, await client.next()], ["v2", "v2"]);
      const none = await upgradeAnswer(port, "/spoken");
      assert.deepEqual([none.status, none.headers["sec-websocket-protocol"]], [101, undefined]);
      assert.equal((await upgradeAnswer(port, "/chosen")).status, 500);
      assert.ok(log.errors.length <= 1);
    },
  },
  {
    id: "N12",
    holds: "pages of other origins get 403, unless they are allowed",
    check: async ({ start }) => {
      const { port } = await start();
      const statusFor = async (path: string, origin: string): Promise<number> =>
        (await upgradeAnswer(port, path, { Origin: origin })).status;
      assert.equal(await statusFor("/echo", "https://evil.example"), 403);
      assert.equal(await statusFor("/echo", `http://127.0.0.1:${port}`), 101);
      assert.equal(await statusFor("/friends", "https://friend.example"), 101);
      assert.equal(await statusFor("/friends", "https://evil.example"), 403);
    },
  },
  {
    id: "N1",
    holds: "messages that come with the handshake, or right behind it, wait for a handler that awaits first",
    check: async ({ start }) => {
      const { port } = await start();
      const frames = Buffer.concat([clientFrame("one"), clientFrame("two")]);
      const together = new RawClient(port).write(Buffer.concat([Buffer.from(upgradeText("/late")), frames]));
      const behind = new RawClient(port).write(upgradeText("/late"));
      await Promise.all([together.until("\r\n\r\n"), behind.until("\r\n\r\n")]);
      behind.write(frames);
      await (
        await Client.connect(port, "/begin")
      ).closed;
      for (const each of [together, behind]) await each.until("\x81\x03one\x81\x03two");
    },
  },
  {
    id: "F12",
    holds: "a plain socket of TCP and one of TLS are the same to a handler",
    check: async ({ start }) => {
      for (const isSecure of [false, true]) {
        const { port } = await start({ isSecure });
        const url = `${isSecure ? "wss" : "ws"}://127.0.0.1:${port}`;
        const client = await Client.connect(url, "/once", { rejectUnauthorized: false });
        client.send("x".repeat(100_000));
        assert.equal(String(await client.next()).length, 100_000);
        assert.equal((await client.closed).code, 1000);
      }
    },
  },
  {
    id: "N3",
    holds: "a request that is no handshake is refused, and the server lives on",
    check: async ({ start }) => {
      const { port } = await start();
      assert.equal((await upgradeAnswer(port, "/echo", { "Sec-WebSocket-Key": "short" })).status, 400);
      assert.equal((await upgradeAnswer(port, "/echo", { "Sec-WebSocket-Version": "8" })).status, 426);
      const raw = new RawClient(port).write(upgradeText("/echo"));
      await once(raw.socket, "data");
      await raw.reset();
      await (await Client.connect(port, "/echo")).echo("hello");
    },
  },
];
