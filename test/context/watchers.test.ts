/** Those who watch requests see an upgrade as a request of its own: by Node's channels, or by `emit`, which they wrap. */

import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Server, ServerResponse, createServer, type IncomingMessage } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { wrapEmit } from "#src/node/upgrade-interception.js";
import { Sockets, acceptUpgrade } from "jackfield";
import { frameworks, sharedApp } from "../arbiter/apps.js";
import { Client, RawClient, bounded, serve, until, upgradeAnswer } from "../frameworks/clients.js";

interface Seen {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

/** What was seen of the requests of a server, as `"/path"` and `"/path 101"`. */
class Watch {
  readonly seen: string[] = [];

  begun({ request }: Pick<Seen, "request">): void {
    this.seen.push(String(request.url));
  }

  ended({ request, response }: Pick<Seen, "request" | "response">): void {
    this.seen.push(`${request.url} ${response.statusCode}`);
  }

  async until(...expected: readonly string[]): Promise<void> {
    await until(() => this.seen.length >= expected.length);
    assert.deepEqual(this.seen.splice(0), expected);
  }
}

/** Watches by Node's channels. */
function byChannels(t: TestContext): Watch {
  const watch = new Watch();
  const begun = (message: unknown): void => watch.begun(message as Seen);
  const ended = (message: unknown): void => watch.ended(message as Seen);
  subscribe("http.server.request.start", begun);
  subscribe("http.server.response.finish", ended);
  t.after(() => {
    unsubscribe("http.server.request.start", begun);
    unsubscribe("http.server.response.finish", ended);
  });
  return watch;
}

type Emit = (this: unknown, event: string, ...args: unknown[]) => boolean;

/** Watches by `emit`: of one server, or of all. */
function byEmit(t: TestContext, target: { emit: Emit }): Watch {
  const watch = new Watch();
  const former = target.emit;
  target.emit = function (event, ...args) {
    const [request, response] = args as [IncomingMessage, ServerResponse];
    if (event === "request") {
      watch.begun({ request });
      response.once("close", () => watch.ended({ request, response }));
    }
    return former.call(this, event, ...args);
  };
  t.after(() => {
    target.emit = former;
  });
  return watch;
}

const ways: Readonly<Record<string, (t: TestContext, server: Server) => Watch>> = {
  "Node's channels": byChannels,
  "the emit of the server": byEmit,
  "the emit of the server, bound to it": (t, server) => {
    server.emit = server.emit.bind(server);
    return byEmit(t, server);
  },
  "the emit of all servers": (t) => byEmit(t, Server.prototype),
};

for (const framework of frameworks) {
  describe(`hostile 86: watchers of an app of ${framework}`, bounded, () => {
    for (const [way, watchBy] of Object.entries(ways)) {
      test(`by ${way} see each upgrade once, and how it ends`, async (t) => {
        const { server, port } = await sharedApp(t, framework, { beside: () => undefined });
        const watch = watchBy(t, server);
        for (const path of ["/ours", "/native"]) {
          const client = await Client.connect(port, path);
          await client.echo("hello");
          await client.close();
          await watch.until(path, `${path} 101`);
        }
        assert.equal((await upgradeAnswer(port, "/refused")).status, 401);
        await watch.until("/refused", "/refused 401");
        assert.equal((await upgradeAnswer(port, "/nowhere")).status, 404);
        await watch.until("/nowhere", "/nowhere 404");
        assert.equal(
          (await upgradeAnswer(port, "/ours", { Origin: "https://elsewhere.example" })).status,
          403,
        );
        await watch.until("/ours", "/ours 403");
        assert.equal((await upgradeAnswer(port, "/ours", { "Sec-WebSocket-Key": "short" })).status, 400);
        await watch.until("/ours", "/ours 400");
        await (await fetch(`http://127.0.0.1:${port}/`)).text();
        await watch.until("/", "/ 200");
      });
    }

    test("may come when there are sockets, and go again", async (t) => {
      const { server, port } = await sharedApp(t, framework, { beside: () => undefined });
      const early = await Client.connect(port, "/ours");
      const former = Object.getOwnPropertyDescriptor(server, "emit");
      const watch = byEmit(t, server);
      await (await Client.connect(port, "/ours")).echo("hello");
      await watch.until("/ours", "/ours 101");
      Object.defineProperty(server, "emit", former ?? {});
      await (await Client.connect(port, "/ours")).echo("hello");
      await early.echo("hello");
      assert.deepEqual(watch.seen, []);
    });
  });
}

describe("hostile 86: watchers", bounded, () => {
  test("who answer a request themselves keep it from the app", async (t) => {
    const server = createServer();
    new Sockets(server).route("/", () => assert.fail("it was kept back"));
    const emit = server.emit.bind(server) as Emit;
    server.emit = ((event: string, ...args: unknown[]) => {
      if (event !== "request") return emit(event, ...args);
      (args[1] as ServerResponse).writeHead(418).end();
      return true;
    }) as typeof server.emit;
    const port = await serve(t, server);
    assert.equal((await upgradeAnswer(port, "/")).status, 418);
  });

  test("who have the app wait see it go on", async (t) => {
    const server = createServer();
    new Sockets(server).route("/", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    const emit = server.emit.bind(server) as Emit;
    server.emit = ((event: string, ...args: unknown[]) => {
      if (event !== "request") return emit(event, ...args);
      setImmediate(() => emit(event, ...args));
      return true;
    }) as typeof server.emit;
    const port = await serve(t, server);
    await (await Client.connect(port, "/")).echo("hello");
  });

  test("see one that is refused before any app is asked, and one of acceptUpgrade that is refused", async (t) => {
    const watch = byChannels(t);
    const limited = createServer();
    new Sockets(limited, { maxConnections: 1 }).route("/", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    const port = await serve(t, limited);
    await Client.connect(port, "/");
    assert.equal((await upgradeAnswer(port, "/")).status, 503);
    await watch.until("/", "/ 101", "/", "/ 503");
    const bare = createServer();
    bare.on("upgrade", (request, socket, head) => void acceptUpgrade(request, socket, head));
    const barePort = await serve(t, bare);
    assert.equal((await upgradeAnswer(barePort, "/bare", { "Sec-WebSocket-Version": "7" })).status, 426);
    await watch.until("/bare", "/bare 426");
  });

  test("see the end of one whose client goes while middleware decides", async (t) => {
    const server = createServer();
    const sockets = new Sockets(undefined, { handshakeTimeout: 10_000 });
    sockets.route("/", () => undefined, { before: () => new Promise(() => undefined) });
    sockets.attach(server);
    const watch = byEmit(t, server);
    const port = await serve(t, server);
    const client = new RawClient(port).write(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
    );
    client.write("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    await until(() => watch.seen.length > 0);
    await client.reset();
    await watch.until("/", "/ 200"); // what a response says before it is given
  });
});

test(
  "what Jackfield itself wraps makes no watcher: no response is made for a route of node:http",
  bounded,
  async (t) => {
    const made: unknown[] = [];
    class Counted extends ServerResponse {
      constructor(request: IncomingMessage) {
        super(request);
        made.push(request.url);
      }
    }
    const server = createServer({ ServerResponse: Counted });
    wrapEmit(server, (emit) => emit);
    const sockets = new Sockets(server);
    wrapEmit(server, (emit) => emit);
    sockets.route("/ours", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    await (await Client.connect(await serve(t, server), "/ours")).echo("hi");
    assert.deepEqual(made, []);
  },
);
