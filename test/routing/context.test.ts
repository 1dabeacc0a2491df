import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { Socket, Sockets, type Handler, type Message, type SocketsOptions } from "jackfield";
import { currentSocket, hasSocketContext, ws } from "jackfield/context";
import { Client, Log, bounded, deferred, serve, served, until } from "../frameworks/clients.js";

const run = promisify(execFile);

interface Site {
  readonly sockets: Sockets;
  readonly log: Log;
  readonly port: number;
}

async function site(
  t: TestContext,
  handler: Handler<object, IncomingMessage>,
  options: SocketsOptions<IncomingMessage> = {},
): Promise<Site> {
  const log = new Log();
  const sockets = new Sockets(undefined, { logger: log, ...options });
  sockets.route("/:name", handler);
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return { sockets, log, port };
}

/** What code far from a handler does, without being given the socket. */
async function tell(text: string): Promise<void> {
  await ws.send(`${ws.params["name"]}: ${text}`);
}

async function* received(): AsyncGenerator<string> {
  for await (const message of ws) yield String(message);
}

const outside = {
  name: "SocketContextError",
  code: "ERR_NO_SOCKET_CONTEXT",
  message:
    "expected code that runs for a socket, but no handler of one runs here; " +
    "use ws in a handler that began after jackfield/context was imported, " +
    "or in an HTTP handler behind sockets.context(), and ask hasSocketContext() where there may be none",
};

/** Who a request says that it is; in an application, a session would tell. */
const identify = ({ headers }: IncomingMessage): string | undefined => headers.from;

const as = (user: string): { readonly headers: { readonly From: string } } => ({ headers: { From: user } });

describe("the socket of the context", () => {
  test("F7: is that of the running loop, also after awaits and in timers", bounded, async (t) => {
    const { port } = await site(t, async () => {
      await tell("welcome");
      for await (const message of ws) {
        await turn();
        setTimeout(() => {
          queueMicrotask(() => void Promise.resolve().then(() => tell(String(message))));
        }, 1);
      }
    });
    const client = await Client.connect(port, "/ada");
    assert.equal(await client.next(), "ada: welcome");
    client.send("hello");
    assert.equal(await client.next(), "ada: hello");
  });

  test("is another one in each of many handlers that take turns", bounded, async (t) => {
    const { port } = await site(t, async () => {
      for await (const message of received()) {
        for (let turns = Number(message); turns > 0; turns--) await turn();
        await tell(message);
      }
    });
    const names = Array.from({ length: 20 }, (_, at) => `client-${at}`);
    const clients = await Promise.all(names.map((name) => Client.connect(port, `/${name}`)));
    for (const [at, client] of clients.entries())
      for (let turns = 0; turns < 5; turns++) client.send(String((at * 7 + turns * 3) % 11));
    for (const [at, client] of clients.entries()) {
      for (let turns = 0; turns < 5; turns++)
        assert.equal(await client.next(), `${names[at]}: ${(at * 7 + turns * 3) % 11}`);
    }
  });

  test("is that of every hook, whatever came between them", bounded, async (t) => {
    const told = deferred<readonly boolean[]>();
    const seen: boolean[] = [];
    const see = (socket: Socket<unknown>): void => void seen.push(currentSocket() === socket);
    class Hooks {
      readonly #greeting = "welcome";
      async open(socket: Socket<object>): Promise<void> {
        see(socket);
        await turn();
        await tell(this.#greeting);
      }
      async message(socket: Socket<object>, message: Message): Promise<void> {
        see(socket);
        await turn();
        await tell(String(message));
        if (message === "fail") throw new Error("the hook failed");
      }
      close(socket: Socket<object>): void {
        see(socket);
        told.resolve(seen);
      }
    }
    const { port } = await site(t, new Hooks(), { onError: (_error, { socket }) => see(socket) });
    const [one, two] = [await Client.connect(port, "/one"), await Client.connect(port, "/two")];
    assert.equal(await one.next(), "one: welcome");
    assert.equal(await two.next(), "two: welcome");
    two.send("hello");
    assert.equal(await two.next(), "two: hello");
    one.send("fail");
    assert.equal(await one.next(), "one: fail");
    assert.equal((await one.closed).code, 1011);
    assert.deepEqual(await told.promise, [true, true, true, true, true, true]);
  });

  test("is that of the hook for the drain", bounded, async (t) => {
    const drained = deferred<boolean>();
    const { port } = await site(t, {
      open: (socket) => {
        for (let sent = 0; sent < 8; sent++) void socket.send(Buffer.alloc(1_000_000));
      },
      drain: (socket) => drained.resolve(currentSocket() === socket),
    });
    await Client.connect(port, "/slow");
    assert.equal(await drained.promise, true);
  });

  test("can be left out of what is sent to all, and is a Socket", bounded, async (t) => {
    const { port, sockets } = await site(t, async (socket) => {
      assert.ok(ws instanceof Socket && ws.constructor === Socket);
      assert.deepEqual([ws.id, ws.connected, ws.self === socket], [socket.id, true, true]);
      for await (const message of socket) await sockets.broadcast(message, { except: ws });
    });
    const [one, two] = [await Client.connect(port, "/one"), await Client.connect(port, "/two")];
    one.send("from one");
    assert.equal(await two.next(), "from one");
    two.send("from two");
    assert.equal(await one.next(), "from two");
  });

  test("keeps what is put into its data, and takes nothing beside it", bounded, async (t) => {
    const { port } = await site(t, async (socket) => {
      (ws.data as { visits?: number }).visits = 1;
      Object.assign(ws, { note: "mine" });
      assert.throws(() => Object.assign(ws, { id: "another" }), TypeError);
      assert.throws(() => Object.defineProperty(ws, "note", { value: "everybody's" }), TypeError);
      await turn();
      await socket.sendJson({ ...socket.data, note: Reflect.get(socket, "note") as unknown });
    });
    const client = await Client.connect(port, "/ada");
    assert.deepEqual(await client.nextJson(), { visits: 1, note: "mine" });
  });

  test("is there no more where nothing of a handler runs", bounded, async (t) => {
    const seen = deferred<boolean>();
    const { port } = await site(t, () => seen.resolve(hasSocketContext()), {
      before: () => {
        assert.equal(hasSocketContext(), false);
        return undefined;
      },
    });
    await Client.connect(port, "/ada");
    assert.equal(await seen.promise, true);
    assert.equal(hasSocketContext(), false);
    assert.throws(() => currentSocket(), outside);
    assert.throws(() => ws.send("nobody"), outside);
    assert.throws(() => Object.assign(ws, { note: "nobody's" }), outside);
    assert.ok(ws instanceof Socket);
  });

  test("is that of handlers that begin after the module was imported", bounded, async () => {
    const script = `
      import { Sockets } from "jackfield";
      const sockets = new Sockets();
      sockets.route("/", async (ws) => {
        for await (const _ of ws) {
          const { hasSocketContext } = await import("jackfield/context");
          await ws.send(String(hasSocketContext()));
        }
      });
      const server = await sockets.listen(0, "127.0.0.1");
      const { WebSocket } = await import("ws");
      const ask = (client) => new Promise((resolve) => {
        client.once("message", (message) => resolve(String(message)));
        client.send("?");
      });
      const connect = async () => {
        const client = new WebSocket("ws://127.0.0.1:" + server.address().port);
        await new Promise((resolve) => client.once("open", resolve));
        return client;
      };
      const early = await connect();
      const first = await ask(early);
      const late = await connect();
      console.log(first, await ask(late), await ask(early));
      await sockets.close();
    `;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: new URL(".", import.meta.resolve("jackfield/package.json")),
    });
    assert.equal(stdout, "false true false\n");
  });
});

interface Pages {
  readonly sockets: Sockets;
  readonly port: number;
  readonly ask: (user: string) => Promise<string>;
}

/** A server with a route of sockets, and a page that answers with what `page` gives. */
async function pages(
  t: TestContext,
  page: () => unknown,
  options: SocketsOptions<IncomingMessage> = {},
): Promise<Pages> {
  const sockets = new Sockets(undefined, { identify, ...options });
  const server = createServer(
    sockets.context((_request, response) => {
      const answer = turn().then(page);
      answer.then((text) => response.end(String(text)), response.destroy.bind(response));
    }),
  );
  sockets.init(server);
  sockets.route("/:name", async () => {
    for await (const message of ws) await tell(String(message));
  });
  t.after(() => sockets.close({ grace: 100 }));
  const port = await serve(t, server);
  const ask = async (user: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/page`, as(user))).text();
  return { sockets, port, ask };
}

describe("an HTTP handler behind sockets.context()", () => {
  test("W9: sends on the latest open socket of the same identity", bounded, async (t) => {
    const { port, ask, sockets } = await pages(t, async () => {
      if (!hasSocketContext()) return "nobody";
      await tell("from the page");
      return ws.params["name"];
    });
    assert.equal(await ask("ada"), "nobody");
    const first = await Client.connect(port, "/first", as("ada"));
    const second = await Client.connect(port, "/second", as("ada"));
    await Client.connect(port, "/bobs", as("bob"));
    assert.deepEqual([await ask("ada"), await ask("bob"), await ask("eve")], ["second", "bobs", "nobody"]);
    assert.equal(await second.next(), "second: from the page");
    await second.close();
    await until(() => sockets.size === 2);
    assert.equal(await ask("ada"), "first");
    assert.equal(await first.next(), "first: from the page");
    first.send("still its own");
    assert.equal(await first.next(), "first: still its own");
  });

  test("is not called where it cannot be told whose the request is", bounded, async (t) => {
    const log = new Log();
    const { port, ask } = await pages(t, () => "a page", {
      logger: log,
      identify: (request) => {
        if (request.headers.from === "eve") throw new Error("no session");
        return identify(request);
      },
    });
    const answer = await fetch(`http://127.0.0.1:${port}/page`, as("eve"));
    assert.equal(answer.status, 500);
    assert.match(log.errors[0]?.message ?? "", /whose a request is/);
    assert.equal(await ask("ada"), "a page");
  });

  test("needs the option identify", () => {
    assert.throws(() => new Sockets().context(() => undefined), {
      code: "ERR_INVALID_OPTION",
      message:
        "option identify: expected a function, as sockets.context() asks it whose a request is, but got undefined",
    });
  });
});
