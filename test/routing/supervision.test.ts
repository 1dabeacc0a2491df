import assert from "node:assert/strict";
import { mock, describe, test, type TestContext } from "node:test";
import {
  ConcurrentReceiveError,
  ConnectionClosedError,
  Sockets,
  type ErrorFacts,
  type Handler,
  type RouteOptions,
  type SocketsOptions,
} from "jackfield";
import type { IncomingMessage } from "node:http";
import {
  Client,
  Log,
  RawClient,
  bounded,
  clientFrame,
  deferred,
  served,
  until,
  upgradeText,
} from "../frameworks/clients.js";

interface Site {
  readonly sockets: Sockets;
  readonly log: Log;
  readonly port: number;
}

/** One route at /, and an echo beside it that must never notice anything. */
async function site(
  t: TestContext,
  handler: Handler<object, IncomingMessage>,
  options: SocketsOptions & { readonly route?: RouteOptions } = {},
): Promise<Site> {
  const log = new Log();
  const { route = {}, ...rest } = options;
  const sockets = new Sockets(undefined, { logger: log, ...rest });
  sockets.route("/", handler, route);
  sockets.route("/echo", async (ws) => {
    for await (const message of ws) await ws.send(message);
  });
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return { sockets, log, port };
}

const never = (): Promise<never> => new Promise(() => undefined);

const fail = (): never => {
  throw new Error("hook failed");
};

describe("a loop handler", () => {
  test("K8, hostile 59: closes with 1000 when it returns, at once or later", bounded, async (t) => {
    let early = true;
    const { port, log, sockets } = await site(t, (ws) => (early ? undefined : ws.receive()));
    const first = await Client.connect(port, "/");
    assert.deepEqual(await first.closed, { code: 1000, reason: "" });
    early = false;
    const second = await Client.connect(port, "/");
    second.send("enough");
    assert.deepEqual(await second.closed, { code: 1000, reason: "" });
    await until(() => sockets.size === 0);
    assert.deepEqual(log.errors, []);
  });

  test("sends what it sent before it returned, awaited or not, before the close", bounded, async (t) => {
    const { port } = await site(t, (ws) => {
      void ws.send("last");
      void ws.send("words");
    });
    const client = await Client.connect(port, "/");
    assert.deepEqual([await client.next(), await client.next()], ["last", "words"]);
    assert.equal((await client.closed).code, 1000);
  });

  test("keeps the close code that it chose itself", bounded, async (t) => {
    const { port } = await site(t, (ws) => void ws.close(4001, "log in"));
    assert.deepEqual(await (await Client.connect(port, "/")).closed, { code: 4001, reason: "log in" });
  });

  for (const [how, handler] of [
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken"))],
    [
      "rejects after a message",
      async (ws) => {
        await ws.receive();
        throw new Error("broken");
      },
    ],
  ] satisfies [string, Handler<object, IncomingMessage>][]) {
    test(
      `hostile 58: that ${how} is logged once, told to onError, and closes with 1011`,
      bounded,
      async (t) => {
        const told: [unknown, ErrorFacts][] = [];
        const onError = (error: unknown, facts: ErrorFacts): void => void told.push([error, facts]);
        const { port, log, sockets } = await site(t, handler, { onError, route: { name: "the route" } });
        const bystander = await Client.connect(port, "/echo");
        const client = await Client.connect(port, "/");
        client.send("x");
        assert.deepEqual(await client.closed, { code: 1011, reason: "" });
        await bystander.echo("alive");
        await until(() => sockets.size === 1);

        const [entry, ...more] = log.errors;
        assert.deepEqual(more, []);
        const [[error, facts] = [], ...again] = told;
        assert.deepEqual(again, []);
        assert.ok(error instanceof Error && facts !== undefined);
        assert.deepEqual([entry?.error, facts.route], [error, "the route"]);
        assert.equal(error.message, "broken");
        assert.ok(entry?.message.includes(`of the route failed (socket ${facts.socket.id})`), entry?.message);
      },
    );
  }

  test("something else than an Error that it throws is told as it is", bounded, async (t) => {
    for (const thrown of ["text", undefined, null, 0, { code: 1 }]) {
      const { port, log } = await site(t, () => Promise.reject(thrown));
      assert.equal((await (await Client.connect(port, "/")).closed).code, 1011);
      assert.deepEqual(
        log.errors.map(({ error }) => error),
        [thrown],
      );
    }
  });

  test("one error that many sockets fail with is logged for each of them", bounded, async (t) => {
    const shared = new Error("the database is gone");
    const { port, log } = await site(t, () => Promise.reject(shared));
    const clients = await Promise.all([1, 2, 3].map(() => Client.connect(port, "/")));
    for (const client of clients) assert.equal((await client.closed).code, 1011);
    assert.equal(new Set(log.errors.map(({ message }) => message)).size, 3);
  });

  test("the route's path is its name in the log, unless it has one", bounded, async (t) => {
    const { port, log } = await site(t, () => Promise.reject(new Error("broken")));
    await (
      await Client.connect(port, "/")
    ).closed;
    assert.match(log.errors[0]?.message ?? "", /the handler of \/ failed/);
  });

  test(
    "in debug mode, the close reason carries the message, cut where it is too long",
    bounded,
    async (t) => {
      for (const [message, reason] of [
        ["disk full", "disk full"],
        ["é".repeat(100), "é".repeat(60)],
        ["😀".repeat(100), "😀".repeat(30)],
      ] as const) {
        const { port } = await site(t, () => Promise.reject(new Error(message)), { debug: true });
        assert.deepEqual(await (await Client.connect(port, "/")).closed, { code: 1011, reason });
      }
    },
  );

  test("hostile 62: an onError or a logger that fails itself does no harm", bounded, async (t) => {
    const complaints = mock.method(console, "error", () => undefined);
    t.after(() => complaints.mock.restore());
    for (const options of [
      { onError: fail },
      { onError: () => Promise.reject(new Error("hook failed")) },
      { logger: { error: fail, warn: fail } },
    ]) {
      complaints.mock.resetCalls();
      const { port } = await site(t, () => Promise.reject(new Error("broken")), options);
      assert.equal((await (await Client.connect(port, "/")).closed).code, 1011);
      await (await Client.connect(port, "/echo")).echo("alive");
      const said = complaints.mock.calls.map(({ arguments: [, error] }) => String(error));
      assert.deepEqual(said, ["Error: hook failed"]);
    }
  });

  test("K7: ConnectionClosedError that leaves it is a normal end", bounded, async (t) => {
    const { promise, resolve } = deferred();
    const { port, log, sockets } = await site(t, async (ws) => {
      try {
        await ws.receive();
      } finally {
        resolve();
      }
    });
    (await Client.connect(port, "/")).ws.terminate();
    await promise;
    await until(() => sockets.size === 0);
    assert.deepEqual(log.errors, []);
  });

  test("runs on after its loop, whatever ended the connection", bounded, async (t) => {
    const ends: (number | undefined)[] = [];
    const { port, sockets } = await site(t, async (ws) => {
      for await (const _ of ws);
      ends.push(ws.closeInfo?.code);
    });
    await (await Client.connect(port, "/")).close(1000);
    await (await Client.connect(port, "/")).close(4999);
    (await Client.connect(port, "/")).ws.terminate();
    const raw = new RawClient(port).write(upgradeText("/"));
    await raw.until("101");
    await raw.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0])).all(); // a reserved opcode
    await until(() => sockets.size === 0 && ends.length === 4);
    assert.deepEqual(new Set(ends), new Set([1000, 1002, 1006, 4999]));
  });

  test("its signal aborts when the connection ends", bounded, async (t) => {
    const { promise, resolve } = deferred<boolean[]>();
    const { port } = await site(t, async (ws) => {
      const before = ws.signal.aborted;
      await new Promise((settle) => {
        ws.signal.addEventListener("abort", settle);
      });
      resolve([before, ws.signal.aborted, ws.closed]);
    });
    await (await Client.connect(port, "/")).close();
    assert.deepEqual(await promise, [false, true, true]);
  });

  test(
    "hostile 60: the second of two receives fails and is told; the first gets its message",
    bounded,
    async (t) => {
      const { port, log } = await site(t, async (ws) => {
        const first = ws.receive();
        void ws.receive(); // which nobody looks at
        await ws.send(await first);
      });
      const client = await Client.connect(port, "/");
      await client.echo("hi");
      assert.equal((await client.closed).code, 1000);
      assert.equal(log.errors.length, 1);
      assert.ok(log.errors[0]?.error instanceof ConcurrentReceiveError);
    },
  );

  test("hostile 62: a misuse that leaves the handler too is logged once", bounded, async (t) => {
    const { port, log } = await site(t, (ws) => ws.send({} as string));
    assert.equal((await (await Client.connect(port, "/")).closed).code, 1011);
    assert.equal(log.errors.length, 1);
    assert.match(String(log.errors[0]?.error), /^InvalidMessageError: expected .* use sendJson/);
  });

  test("hostile 60: sends that nobody awaits never end the process", bounded, async (t) => {
    const { promise, resolve } = deferred<unknown>();
    const { port } = await site(t, async (ws) => {
      await ws.whenClosed;
      void ws.send("late");
      void ws.ping();
      void ws.sendJson({});
      void ws.receive();
      await ws.send("later").catch(resolve);
    });
    await (await Client.connect(port, "/")).close();
    assert.ok((await promise) instanceof ConnectionClosedError);
    await new Promise(setImmediate);
    await (await Client.connect(port, "/echo")).echo("alive");
  });
});

describe("messages", () => {
  test("N1: wait in order until the handler asks", bounded, async (t) => {
    const { promise, resolve } = deferred();
    const { port } = await site(t, async (ws) => {
      await promise;
      for await (const message of ws) await ws.send(message);
    });
    const client = await Client.connect(port, "/");
    const sent = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    for (const message of sent) client.send(message);
    await new Promise(setImmediate);
    resolve();
    for (const message of sent) assert.equal(await client.next(), message);
  });

  test("N1, hostile 14: come with the handshake in one segment, and none is lost", bounded, async (t) => {
    const { port } = await site(t, async (ws) => {
      await new Promise(setImmediate);
      for await (const message of ws) await ws.send(message);
    });
    const frames = [upgradeText("/"), clientFrame("one"), clientFrame("two")];
    const raw = new RawClient(port).write(Buffer.concat(frames.map((frame) => Buffer.from(frame))));
    assert.match(await raw.until("two"), /^HTTP\/1\.1 101 /);
    assert.ok(raw.received.endsWith("\r\n\r\n\x81\x03one\x81\x03two"));
  });

  test("that wait when the peer closes are still the handler's", bounded, async (t) => {
    const got: unknown[] = [];
    const { promise, resolve } = deferred();
    const { port } = await site(t, async (ws) => {
      await ws.whenClosed;
      for await (const message of ws) got.push(message);
      resolve();
    });
    const client = await Client.connect(port, "/");
    client.send("one");
    client.send("two");
    await client.close();
    await promise;
    assert.deepEqual(got, ["one", "two"]);
  });

  test(
    "K6: receive with a timeout gives undefined, and loses no message that comes later",
    bounded,
    async (t) => {
      const { port } = await site(t, async (ws) => {
        await ws.sendJson((await ws.receive({ timeout: 1 })) === undefined);
        await ws.send(await ws.receive());
      });
      const client = await Client.connect(port, "/");
      assert.equal(await client.nextJson(), true);
      await client.echo("late");
    },
  );
});

describe("hooks", () => {
  test("N2: run one at a time and in order, though asynchronous", bounded, async (t) => {
    const events: string[] = [];
    const { promise, resolve } = deferred();
    let running = 0;
    const step = async (name: string): Promise<void> => {
      assert.equal(++running, 1, `${name} overlaps`);
      events.push(name);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      running--;
    };
    const { port, log } = await site(t, {
      open: () => step("open"),
      message: (_ws, message) => step(String(message)),
      close: async (_ws, { code }) => {
        await step(`close ${code}`);
        resolve();
      },
    });
    const frames = ["1", "2", "3"].map((text) => clientFrame(text));
    const close = Buffer.concat([Buffer.from([0x88, 0x82, 0, 0, 0, 0]), Buffer.from([0x0f, 0xa0])]);
    new RawClient(port).write(Buffer.concat([Buffer.from(upgradeText("/")), ...frames, close]));
    await promise;
    assert.deepEqual(events, ["open", "1", "2", "3", "close 4000"]);
    assert.deepEqual(log.errors, []);
  });

  for (const [end, code] of [
    [(client: Client) => client.close(4001), 4001],
    [(client: Client) => client.ws.terminate(), 1006],
    [(client: Client) => client.send("close"), 4002],
    [(client: Client) => client.send("terminate"), 1006],
  ] as const) {
    test(`have close called once, with ${code}: ${end.toString().slice(12)}`, bounded, async (t) => {
      const closes: number[] = [];
      const { port, sockets } = await site(t, {
        message(ws, message) {
          if (message === "close") void ws.close(4002);
          else ws.terminate();
        },
        close: (_ws, info) => void closes.push(info.code),
      });
      const client = await Client.connect(port, "/");
      await Promise.resolve(end(client));
      await client.closed;
      await until(() => sockets.size === 0);
      assert.deepEqual(closes, [code]);
    });
  }

  for (const hook of ["open", "message"] as const) {
    test(
      `hostile 58: a fault in ${hook} closes with 1011; no message follows, but close does`,
      bounded,
      async (t) => {
        for (const fail of [
          () => {
            throw new Error("broken");
          },
          () => Promise.reject(new Error("broken")),
        ]) {
          const events: string[] = [];
          const { port, log, sockets } = await site(t, {
            message: () => void events.push("message"),
            close: (_ws, { code }) => void events.push(`close ${code}`),
            [hook]: fail,
          });
          const frames = [upgradeText("/"), clientFrame("one"), clientFrame("two")];
          const raw = new RawClient(port).write(Buffer.concat(frames.map((frame) => Buffer.from(frame))));
          await raw.until("\x88\x02\x03\xf3");
          raw.write(clientFrame("", 8));
          await until(() => sockets.size === 0);
          assert.deepEqual(events, ["close 1011"]);
          assert.equal(log.errors.length, 1);
        }
      },
    );
  }

  test("a fault in close is logged, and nothing else happens", bounded, async (t) => {
    const { port, log, sockets } = await site(t, { close: () => Promise.reject(new Error("broken")) });
    assert.equal((await (await Client.connect(port, "/")).close()).code, 1005);
    await until(() => sockets.size === 0);
    assert.equal(log.errors.length, 1);
  });

  test("have drain called after sends had to wait", bounded, async (t) => {
    const { promise, resolve } = deferred<number>();
    const { port } = await site(t, {
      open(ws) {
        for (let count = 0; count < 8; count++) void ws.send(Buffer.alloc(1_000_000));
        assert.ok(ws.bufferedAmount > 65_536);
      },
      drain: (ws) => resolve(ws.bufferedAmount),
    });
    const client = await Client.connect(port, "/");
    assert.ok((await promise) <= 65_536);
    for (let count = 0; count < 8; count++) assert.equal((await client.next()).length, 1_000_000);
  });

  test("without message let messages pass", bounded, async (t) => {
    const { port } = await site(t, { open: (ws) => void ws.send("hi") });
    const client = await Client.connect(port, "/");
    client.send("nobody listens");
    assert.equal(await client.next(), "hi");
    assert.equal((await client.close(1000)).code, 1000);
  });
});

describe("close()", () => {
  test(
    "N9, hostile 20: says 1001 to clients and lets handlers finish; new upgrades get 503",
    bounded,
    async (t) => {
      const events: string[] = [];
      const { promise, resolve } = deferred();
      const { port, sockets, log } = await site(t, async (ws) => {
        for await (const _ of ws);
        await promise;
        events.push("handled");
      });
      const clients = await Promise.all([1, 2, 3].map(() => Client.connect(port, "/")));
      const kept = new RawClient(port);
      await new Promise((connected) => {
        kept.socket.once("connect", connected);
      });
      const closed = sockets.close().then(() => events.push("closed"));
      for (const client of clients) {
        assert.deepEqual(await client.closed, { code: 1001, reason: "the server goes down" });
      }
      assert.equal(sockets.isDraining, true);
      assert.equal(await kept.write(upgradeText("/echo")).status(), 503);
      assert.deepEqual(events, []);
      resolve();
      await closed;
      assert.deepEqual(events, ["handled", "handled", "handled", "closed"]);
      assert.deepEqual([sockets.size, log.warnings], [0, []]);
    },
  );

  test("hostile 59: names the route that hangs when the grace period is over, once", bounded, async (t) => {
    const { port, sockets, log } = await site(t, never, { route: { name: "stubborn" } });
    await Promise.all([Client.connect(port, "/"), Client.connect(port, "/")]);
    await sockets.close({ grace: 30 });
    assert.equal(log.warnings.length, 1);
    assert.match(
      log.warnings[0] ?? "",
      /^jackfield: after 30 ms, handlers of stubborn still run; .*ws\.signal/,
    );
  });

  test("aborts the signal of a handler that waits for something else", bounded, async (t) => {
    const { port, sockets, log } = await site(t, (ws) => {
      return new Promise<void>((resolve) => {
        ws.signal.addEventListener("abort", () => resolve());
      });
    });
    await Client.connect(port, "/");
    await sockets.close();
    assert.deepEqual([sockets.size, log.warnings], [0, []]);
  });

  test("drops peers that don't answer the close, when the grace period is over", bounded, async (t) => {
    const { port, sockets, log } = await site(t, async (ws) => {
      for await (const _ of ws);
    });
    const raw = new RawClient(port).write(upgradeText("/"));
    await raw.until("101");
    await sockets.close({ grace: 50 });
    await raw.closed;
    assert.ok(raw.received.endsWith("\x88\x16\x03\xe9the server goes down"));
    await until(() => sockets.size === 0);
    assert.deepEqual(log.errors, []);
  });

  test("is done at once where nothing is open, and as often as it is called", bounded, async (t) => {
    const { port, sockets } = await site(t, (ws) => ws.whenClosed);
    const client = await Client.connect(port, "/");
    await Promise.all([sockets.close(), sockets.close()]);
    assert.equal((await client.closed).code, 1001);
    await sockets.close();
  });

  test(
    "does not wait longer than the grace period for a connection of HTTP that says nothing",
    bounded,
    async (t) => {
      const { port, sockets } = await site(t, never);
      const silent = new RawClient(port);
      await new Promise((resolve) => {
        silent.socket.once("connect", resolve);
      });
      await sockets.close({ grace: 50 });
      await silent.closed;
    },
  );

  test("refuses an upgrade that was under way with 503", bounded, async (t) => {
    const log = new Log();
    const sockets = new Sockets(undefined, { logger: log });
    const { promise, resolve } = deferred<() => void>();
    let handled = 0;
    const accept = sockets.upgrade(() => void handled++);
    const server = await sockets.listen(0, "127.0.0.1");
    const port = await served(t, server);
    server.removeAllListeners("request");
    server.on("request", (request, response) => resolve(() => accept(request, response)));
    const raw = new RawClient(port).write(upgradeText("/"));
    const decide = await promise;
    await sockets.close({ grace: 20 });
    decide();
    assert.deepEqual([await raw.status(), handled, sockets.size], [503, 0, 0]);
  });
});
