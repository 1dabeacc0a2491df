import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { Sockets, type BeforeHook, type CloseInfo, type Handler, type SocketsOptions } from "jackfield";
import type { Member } from "#src/rooms/audience.js";
import { Relay } from "#src/rooms/relay.js";
import { Identities } from "#src/routing/identities.js";
import {
  Client,
  Log,
  RawClient,
  bounded,
  clientFrame,
  deferred,
  served,
  until,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";

interface Site {
  readonly sockets: Sockets;
  readonly log: Log;
  readonly port: number;
}

/** Who a request says that it is; in an application, a session would tell. */
const userOf = (request: IncomingMessage): string | undefined => {
  const user = request.headers["x-user"];
  return typeof user === "string" ? user : undefined;
};

async function site(
  t: TestContext,
  handler: Handler<object, IncomingMessage>,
  options: SocketsOptions<IncomingMessage> = {},
): Promise<Site> {
  const log = new Log();
  const sockets = new Sockets(undefined, { logger: log, identify: userOf, ...options });
  sockets.route("/", handler);
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return { sockets, log, port };
}

const echo: Handler<object, IncomingMessage> = async (ws) => {
  for await (const message of ws) await ws.send(message);
};

const connect = (port: number, user?: string): Promise<Client> =>
  Client.connect(port, "/", user === undefined ? {} : { headers: { "X-User": user } });

const LOGGED_OUT = { code: 4401, reason: "logged out" };

describe("the sockets of an identity", () => {
  test("get its messages, and nobody else does", bounded, async (t) => {
    const { sockets, port } = await site(t, echo);
    const [ann, annAgain, bob, nobody] = [
      await connect(port, "ann"),
      await connect(port, "ann"),
      await connect(port, "bob"),
      await connect(port),
    ];
    await until(() => sockets.size === 4);
    assert.deepEqual([sockets.of("ann").size, sockets.of("bob").size, sockets.of("eve").size], [2, 1, 0]);
    const [except] = sockets.of("ann");
    await sockets.of("ann").send("for ann");
    await sockets.of("ann").send("for one of ann", { except });
    await sockets.broadcast("last");
    const received: unknown[][] = [];
    for (const client of [ann, annAgain, bob, nobody]) {
      const messages = [await client.next()];
      while (messages.at(-1) !== "last") messages.push(await client.next());
      received.push(messages.slice(0, -1));
    }
    assert.deepEqual(received.slice(2), [[], []]);
    assert.deepEqual(
      received.slice(0, 2).toSorted((a, b) => a.length - b.length),
      [["for ann"], ["for ann", "for one of ann"]],
    );
  });

  test("are found by a number as by its text", bounded, async (t) => {
    const { sockets, port } = await site(t, echo, { identify: (request) => Number(userOf(request)) });
    const client = await connect(port, "7");
    await until(() => sockets.size === 1);
    assert.deepEqual([sockets.of(7).size, sockets.of("7").size, sockets.of("07").size], [1, 1, 0]);
    void sockets.of("7").close();
    assert.deepEqual(await client.closed, LOGGED_OUT);
  });

  for (const identity of ["__proto__", "constructor", "hasOwnProperty", "", "世界"]) {
    test(`may be called ${JSON.stringify(identity)}`, bounded, async (t) => {
      const { sockets, port } = await site(t, echo, { identify: () => identity });
      for (const other of ["__proto__", "constructor", "x"]) {
        assert.equal(sockets.of(other).size, 0);
        void sockets.of(other).close();
      }
      const client = await connect(port);
      await client.echo("hi");
      assert.equal(sockets.of(identity).size, 1);
      void sockets.of(identity).close();
      assert.deepEqual(await client.closed, LOGGED_OUT);
      assert.deepEqual(Object.keys(Object.prototype), []);
    });
  }

  for (const wrong of [undefined, null, NaN, true, {}, ["ann"], Symbol("ann")]) {
    test(`are not those of ${typeof wrong === "symbol" ? "a symbol" : (JSON.stringify(wrong) ?? "undefined")}`, () => {
      assert.throws(() => new Sockets().of(wrong as never), {
        code: "ERR_INVALID_OPTION",
        message: /^option identity: expected a string or a number, but got /,
      });
    });
  }

  test("leave nothing behind when they have gone", bounded, async (t) => {
    const { sockets, port } = await site(t, echo);
    const ann = await connect(port, "ann");
    await until(() => sockets.of("ann").size === 1);
    await ann.close();
    await until(() => sockets.size === 0);
    assert.deepEqual(sockets.openSockets.identities.members("ann"), []);
  });
});

describe("the option identify", () => {
  test(
    "is asked once for each upgrade, behind the hooks, and not about plain requests",
    bounded,
    async (t) => {
      const order: string[] = [];
      const identify = (): string => {
        order.push("identify");
        return "ann";
      };
      const before: BeforeHook = async () => {
        await new Promise(setImmediate);
        order.push("before");
      };
      const { port } = await site(t, echo, { identify, before });
      await (await connect(port)).echo("hi");
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 426);
      assert.deepEqual(order, ["before", "identify"]);
    },
  );

  for (const nobody of [undefined, null]) {
    test(`may give ${String(nobody)}: nobody's socket`, bounded, async (t) => {
      const { sockets, port } = await site(t, echo, { identify: () => nobody });
      const client = await connect(port);
      void sockets.of("undefined").close();
      void sockets.of("null").close();
      await client.echo("hi");
    });
  }

  for (const [what, wrong] of Object.entries({
    NaN,
    true: true,
    "an object": {},
    "a list": ["ann"],
    "a promise": Promise.resolve("ann"),
  })) {
    test(`that gives ${what} is a fault: 500`, bounded, async (t) => {
      let ran = 0;
      const handler = (): void => void ran++;
      const { log, port, sockets } = await site(t, handler, { identify: () => wrong as never });
      assert.equal((await upgradeAnswer(port, "/")).status, 500);
      assert.match(
        String(log.errors[0]?.error),
        /^InvalidOptionError: option identify: expected a function that /,
      );
      assert.equal(ran, 0);
      await until(() => sockets.openSockets.limits.total === 0);
    });
  }

  test("that throws is a fault: 500", bounded, async (t) => {
    const { log, port } = await site(t, echo, {
      identify: () => {
        throw new Error("who?");
      },
    });
    assert.equal((await upgradeAnswer(port, "/")).status, 500);
    assert.equal(String(log.errors[0]?.error), "Error: who?");
  });
});

describe("closing an identity", () => {
  test("hostile 65: ends all its sockets with 4401, and no others; it may come back", bounded, async (t) => {
    const { sockets, port } = await site(t, echo);
    const anns = [await connect(port, "ann"), await connect(port, "ann")];
    const bob = await connect(port, "bob");
    await until(() => sockets.size === 3);
    void sockets.of("ann").close();
    assert.equal(sockets.of("ann").size, 0);
    for (const ann of anns) assert.deepEqual(await ann.closed, LOGGED_OUT);
    await bob.echo("hi");
    await (await connect(port, "ann")).echo("back");
    assert.equal(sockets.of("ann").size, 1);
  });

  test("takes a code and a reason of one's own", bounded, async (t) => {
    const { sockets, port } = await site(t, echo);
    const ann = await connect(port, "ann");
    await until(() => sockets.of("ann").size === 1);
    void sockets.of("ann").close(4403, "banned");
    assert.deepEqual(await ann.closed, { code: 4403, reason: "banned" });
  });

  test("with a code that may not be sent, throws and revokes nothing", bounded, async (t) => {
    const [started, gate] = [deferred(), deferred()];
    const before: BeforeHook = async () => {
      started.resolve();
      await gate.promise;
    };
    const { sockets, port } = await site(t, echo, { before });
    const connecting = connect(port, "ann");
    await started.promise;
    assert.throws(() => sockets.of("ann").close(1005), { code: "ERR_INVALID_CLOSE" });
    gate.resolve();
    await (await connecting).echo("hi");
  });

  test("hands on nothing that waits, and the handler's loop ends", bounded, async (t) => {
    const seen: unknown[] = [];
    const [gate, ended] = [deferred(), deferred<unknown>()];
    const { sockets, log, port } = await site(t, async (ws) => {
      for await (const message of ws) {
        seen.push(message);
        await gate.promise;
      }
      ended.resolve([ws.closeInfo, ws.receiveNow(), ws.connected, ws.signal.aborted]);
    });
    const raw = new RawClient(port).write(upgradeText("/", "X-User: ann\r\n"));
    await raw.until("\r\n\r\n");
    raw.write(Buffer.concat([clientFrame("one"), clientFrame("two"), clientFrame("three")]));
    await until(() => seen.length === 1);
    void sockets.of("ann").close();
    raw.write(clientFrame("four"));
    await raw.until("logged out");
    gate.resolve();
    const info: CloseInfo = { ...LOGGED_OUT, by: "application", clean: false };
    assert.deepEqual(await ended.promise, [info, undefined, false, true]);
    assert.deepEqual(seen, ["one"]);
    assert.deepEqual(log.errors, []);
  });

  test("ends a receive that waits, and what is sent afterwards goes nowhere", bounded, async (t) => {
    const ended = deferred<unknown[]>();
    const { sockets, port, log } = await site(t, async (ws) => {
      const received = await ws.receive().catch((error: unknown) => error);
      const sent = await ws.send("secret").catch((error: unknown) => error);
      ended.resolve([String(received), String(sent)]);
    });
    const ann = await connect(port, "ann");
    await until(() => sockets.of("ann").size === 1);
    void sockets.of("ann").close();
    for (const each of await ended.promise)
      assert.match(String(each), /^ConnectionClosedError: .* with 4401;/);
    assert.deepEqual(await ann.closed, LOGGED_OUT);
    assert.deepEqual(log.errors, []);
  });

  test("calls the hook close once, and message no more", bounded, async (t) => {
    const calls: unknown[] = [];
    const gate = deferred();
    const { sockets, port } = await site(t, {
      open: () => void calls.push("open"),
      async message(_ws, message) {
        calls.push(message);
        await gate.promise;
      },
      close: (_ws, { code, reason, by }) => void calls.push(code, reason, by),
    });
    const raw = new RawClient(port).write(upgradeText("/", "X-User: ann\r\n"));
    await raw.until("\r\n\r\n");
    raw.write(Buffer.concat([clientFrame("one"), clientFrame("two")]));
    await until(() => calls.includes("one"));
    void sockets.of("ann").close();
    void sockets.of("ann").close(4000, "again");
    await raw.until("logged out");
    gate.resolve();
    raw.write(clientFrame(Buffer.from([0x11, 0x31]), 8));
    await raw.closed;
    await until(() => sockets.size === 0);
    assert.deepEqual(calls, ["open", "one", 4401, "logged out", "application"]);
    assert.doesNotMatch(raw.received, /again/);
  });

  test("from within a message's hook ends that very socket", bounded, async (t) => {
    const calls: unknown[] = [];
    const { sockets, port } = await site(t, {
      message(_ws, message) {
        calls.push(message);
        void sockets.of("ann").close();
      },
      close: (_ws, { code }) => void calls.push(code),
    });
    const raw = new RawClient(port).write(upgradeText("/", "X-User: ann\r\n"));
    await raw.until("\r\n\r\n");
    raw.write(Buffer.concat([clientFrame("one"), clientFrame("two")]));
    await raw.until("logged out");
    assert.deepEqual(calls, ["one", 4401]);
  });

  test("hands on nothing more either where the client's close frame is here already", bounded, async (t) => {
    const calls: unknown[] = [];
    const { sockets, port } = await site(t, {
      async message(_ws, message) {
        calls.push(message);
        await Promise.resolve(); // the whole segment is read by then
        void sockets.of("ann").close();
      },
      close: (_ws, { code, by }) => void calls.push(code, by),
    });
    const raw = new RawClient(port).write(upgradeText("/", "X-User: ann\r\n"));
    await raw.until("\r\n\r\n");
    const leaving = clientFrame(Buffer.from([0x03, 0xe9]), 8);
    raw.write(Buffer.concat([clientFrame("one"), clientFrame("two"), leaving]));
    await raw.closed;
    await until(() => sockets.size === 0);
    assert.deepEqual(calls, ["one", 1001, "peer"]);
  });

  test("drops a client that neither answers nor goes", bounded, async (t) => {
    const { sockets, port } = await site(t, echo, { closeTimeout: 20 });
    const raw = new RawClient(port).write(upgradeText("/", "X-User: ann\r\n"));
    await raw.until("\r\n\r\n");
    await until(() => sockets.of("ann").size === 1);
    void sockets.of("ann").close();
    await raw.closed;
    await until(() => sockets.size === 0);
  });

  test("reaches one that was paused because its handler is slow", bounded, async (t) => {
    const gate = deferred();
    const { sockets, port } = await site(t, () => gate.promise, { inbox: { maxMessages: 1 } });
    const ann = await connect(port, "ann");
    for (let count = 0; count < 100; count++) ann.send("x".repeat(1_000));
    await until(() => sockets.of("ann").size === 1);
    void sockets.of("ann").close();
    assert.deepEqual(await ann.closed, LOGGED_OUT);
    gate.resolve();
    await until(() => sockets.size === 0);
  });
});

interface Waiting extends Site {
  readonly started: Promise<void>;
  readonly release: () => void;
  readonly calls: string[];
}

async function waiting(t: TestContext, hooks: boolean): Promise<Waiting> {
  const calls: string[] = [];
  const [started, gate] = [deferred(), deferred()];
  const before: BeforeHook = async () => {
    started.resolve();
    await gate.promise;
  };
  const handler: Handler<object, IncomingMessage> = hooks
    ? {
        open: () => void calls.push("open"),
        message: () => void calls.push("message"),
        close: () => void calls.push("close"),
      }
    : async (ws) => {
        calls.push("ran");
        await ws.send("secret");
      };
  const here = await site(t, handler, { before });
  return { ...here, started: started.promise, release: () => gate.resolve(), calls };
}

describe("closing an identity while its upgrade is under way", () => {
  for (const hooks of [false, true]) {
    test(`the socket gets 4401, and its ${hooks ? "hooks" : "handler"} never run`, bounded, async (t) => {
      const here = await waiting(t, hooks);
      const connecting = connect(here.port, "ann");
      await here.started;
      void here.sockets.of("ann").close();
      here.release();
      const ann = await connecting;
      ann.send("hello?");
      assert.deepEqual(await ann.closed, LOGGED_OUT);
      await until(() => here.sockets.size === 0 && here.sockets.openSockets.limits.total === 0);
      assert.deepEqual([here.calls, here.log.errors], [[], []]);
      // One that begins now is a new log-in.
      await connect(here.port, "ann");
      await until(() => here.calls.length > 0);
    });
  }

  test("the latest code and reason hold", bounded, async (t) => {
    const here = await waiting(t, false);
    const connecting = connect(here.port, "ann");
    await here.started;
    void here.sockets.of("ann").close(4400, "first");
    void here.sockets.of("ann").close(4403, "second");
    here.release();
    assert.deepEqual(await (await connecting).closed, { code: 4403, reason: "second" });
  });

  test("others are let in", bounded, async (t) => {
    const here = await waiting(t, false);
    const connecting = connect(here.port, "bob");
    await here.started;
    void here.sockets.of("ann").close();
    here.release();
    assert.equal(await (await connecting).next(), "secret");
  });
});

const member = (): Member & { readonly dismissed: unknown[] } => {
  const dismissed: unknown[] = [];
  return {
    dismissed,
    socket: undefined as never,
    deliver: () => undefined,
    dismiss: (...how) => void dismissed.push(how),
  };
};

describe("what is remembered of closed identities", () => {
  test("holds for all upgrades that began before, until none can be under way", () => {
    const time = { now: 1_000 };
    const identities = new Identities(10_000, new Relay(), () => time.now);
    identities.revoke("ann", 4401, "logged out");
    assert.deepEqual(identities.revokedSince("ann", 999), { ...LOGGED_OUT, at: 1_000 });
    assert.ok(identities.revokedSince("ann", 1_000));
    assert.equal(identities.revokedSince("ann", 1_001), undefined);
    assert.equal(identities.revokedSince("bob", 999), undefined);
    time.now += 10_500; // the upgrade's deadline may come a little late
    identities.revoke("bob", 4401, "logged out");
    assert.ok(identities.revokedSince("ann", 999));
  });

  test("is forgotten then: it doesn't accumulate", () => {
    const time = { now: 1_000 };
    const identities = new Identities(10, new Relay(), () => time.now);
    const names = Array.from({ length: 1_000 }, (_, at) => `user ${at}`);
    for (const name of names) {
      time.now += 10;
      identities.revoke(name, 4401, "");
    }
    const kept = names.filter((name) => identities.revokedSince(name, 0) !== undefined);
    assert.ok(kept.length < 200, String(kept.length));
    assert.equal(kept.at(-1), "user 999");
    // One that is closed again and again stands among the late ones.
    identities.revoke("user 999", 4401, "");
    time.now += 100_000;
    identities.revoke("last", 4401, "");
    assert.deepEqual(
      names.filter((name) => identities.revokedSince(name, 0) !== undefined),
      [],
    );
  });

  test("those who join while all are dismissed are not gone through for ever", () => {
    const identities = new Identities(10, new Relay());
    const first = member();
    identities.add("ann", first);
    const joining = { ...member(), dismiss: () => identities.delete("ann", joining) };
    identities.add("ann", joining);
    identities.revoke("ann", 4401, "");
    assert.deepEqual(first.dismissed, [[4401, ""]]);
    assert.deepEqual([...identities.members("ann")], [first]);
  });
});
