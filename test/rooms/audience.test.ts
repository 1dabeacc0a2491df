import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { Sockets, type CloseInfo, type RouteOptions, type Socket, type SocketsOptions } from "jackfield";
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

const stay = (ws: Socket<unknown>): Promise<unknown> => ws.whenClosed;

async function listening(t: TestContext, sockets: Sockets): Promise<number> {
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 100 }));
  return port;
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- it has the type of what route gives
async function rooms(t: TestContext, options: SocketsOptions & { readonly route?: RouteOptions } = {}) {
  const { route = {}, ...rest } = options;
  const sockets = new Sockets(undefined, { logger: new Log(), ...rest });
  const all = sockets.route("/rooms/:id", stay, route);
  const files = sockets.route("/files/*path", stay);
  const pages = sockets.route("/pages{/:page}", stay);
  return { sockets, all, files, pages, port: await listening(t, sockets) };
}

/** What a client gets before the given last message. */
async function messagesUntil(client: Client, last: string): Promise<unknown[]> {
  const messages: unknown[] = [];
  for (;;) {
    const message = await client.next();
    if (message === last) return messages;
    messages.push(message);
  }
}

describe("a route as an audience", () => {
  test("N7: sends to its own sockets, in order, text and bytes", bounded, async (t) => {
    const { sockets, all, port } = await rooms(t);
    const [one, two] = [await Client.connect(port, "/rooms/1"), await Client.connect(port, "/rooms/2")];
    const other = await Client.connect(port, "/pages");
    await until(() => sockets.size === 3);
    assert.equal(all.size, 2);
    assert.equal(await all.send("text"), undefined);
    void all.send(Buffer.from("bytes"));
    void all.send(new Uint8Array([1, 2]).buffer);
    await sockets.broadcast("last");
    const expected = ["text", Buffer.from("bytes"), Buffer.from([1, 2])];
    assert.deepEqual(await messagesUntil(one, "last"), expected);
    assert.deepEqual(await messagesUntil(two, "last"), expected);
    assert.deepEqual(await messagesUntil(other, "last"), []);
  });

  test("sends to nobody where nobody is", bounded, async (t) => {
    const { sockets, all } = await rooms(t);
    assert.deepEqual([all.size, sockets.size, [...all]], [0, 0, []]);
    assert.equal(await all.send("hello?"), undefined);
    assert.equal(await all.to({ id: "7" }).send("hello?"), undefined);
    assert.equal(await sockets.of("nobody").send("hello?"), undefined);
    void all.close();
  });

  test("N7: leaves one out: the sender, from within its handler", bounded, async (t) => {
    const sockets = new Sockets();
    const chat = sockets.route("/chat", async (ws) => {
      for await (const message of ws) await chat.send(message, { except: ws });
    });
    const port = await listening(t, sockets);
    const clients = await Promise.all([1, 2, 3].map(() => Client.connect(port, "/chat")));
    await until(() => chat.size === 3);
    clients[0]?.send("from the first");
    for (const client of clients.slice(1)) assert.equal(await client.next(), "from the first");
    await chat.send("last", { except: undefined });
    for (const client of clients) assert.deepEqual(await messagesUntil(client, "last"), []);
  });

  test("N7: is narrowed by the variables of the path", bounded, async (t) => {
    const { sockets, all, files, pages, port } = await rooms(t);
    const paths = [
      "/rooms/7",
      "/rooms/7",
      "/rooms/07",
      "/rooms/a%2Fb",
      "/files/a/b",
      "/files/a%2Fb",
      "/files/a,b",
      "/pages",
      "/pages/2",
    ];
    const clients = await Promise.all(paths.map((path) => Client.connect(port, path)));
    await until(() => sockets.size === paths.length);
    const audiences: readonly [{ send(text: string): unknown; readonly size: number }, string[]][] = [
      [all.to({ id: "7" }), ["/rooms/7", "/rooms/7"]],
      [all.to({ id: 7 as never }), ["/rooms/7", "/rooms/7"]],
      [all.to({ id: "07" }), ["/rooms/07"]],
      [all.to({ id: "a/b" }), ["/rooms/a%2Fb"]],
      [all.to({}), paths.slice(0, 4)],
      // What was forgotten must not mean everybody.
      [all.to({ id: undefined as never }), []],
      [all.to({ id: null as never }), []],
      [all.to({ id: ["7"] as never }), []],
      [all.to({ id: { toString: () => "7" } as never }), []],
      [all.to({ ID: "7" } as never), []],
      [all.to({ id: "7", page: "2" } as never), []],
      [all.to(JSON.parse('{"__proto__": "x"}') as never), []],
      [all.to({ constructor: Object } as never), []],
      [files.to({ path: ["a", "b"] }), ["/files/a/b"]],
      [files.to({ path: ["a/b"] }), ["/files/a%2Fb"]],
      [files.to({ path: ["a,b"] }), ["/files/a,b"]],
      [files.to({ path: "a,b" as never }), []],
      [files.to({ path: ["a"] }), []],
      [pages.to({ page: "2" }), ["/pages/2"]],
      [pages.to({ page: undefined } as never), ["/pages"]],
    ];
    for (const [at, [audience, expected]] of audiences.entries()) {
      assert.equal(audience.size, expected.length, String(at));
      void audience.send(String(at));
    }
    await sockets.broadcast("last");
    const received = await Promise.all(clients.map((client) => messagesUntil(client, "last")));
    assert.deepEqual(
      audiences.map((_, at) => paths.filter((__, client) => received[client]?.includes(String(at)))),
      audiences.map(([, expected]) => expected),
    );
  });

  test("that was narrowed once knows who comes and goes later", bounded, async (t) => {
    const { all, port } = await rooms(t);
    const seventh = all.to({ id: "7" });
    const client = await Client.connect(port, "/rooms/7");
    await until(() => seventh.size === 1);
    await seventh.send("hi");
    assert.equal(await client.next(), "hi");
    await client.close();
    await until(() => seventh.size === 0);
  });

  test("leaves out those that are closing or closed", bounded, async (t) => {
    const { sockets, all, port } = await rooms(t);
    const raw = new RawClient(port).write(upgradeText("/rooms/1")); // which never answers a close frame
    const open = await Client.connect(port, "/rooms/2");
    await until(() => all.size === 2);
    const closing = [...all].find(({ params }) => params.id === "1");
    assert.ok(closing);
    void closing.close(4000, "bye");
    assert.deepEqual(
      [...all].map(({ params }) => params.id),
      ["2"],
    );
    assert.equal(all.size, 1);
    assert.equal(sockets.size, 2); // it is still there
    await all.send("only to the other");
    assert.equal(await open.next(), "only to the other");
    await raw.until("bye");
    raw.socket.destroy();
    await until(() => sockets.size === 1);
    assert.doesNotMatch(raw.received, /only to the other/);
  });

  test("may be emptied while it is gone through", bounded, async (t) => {
    const { sockets, all, port } = await rooms(t);
    const clients = await Promise.all([1, 2, 3, 4].map((id) => Client.connect(port, `/rooms/${id}`)));
    await until(() => all.size === 4);
    let count = 0;
    for (const ws of all) {
      if (count++ % 2 === 0) ws.terminate();
      else void ws.close(4000);
    }
    assert.deepEqual([count, all.size], [4, 0]);
    const codes = await Promise.all(clients.map(async ({ closed }) => (await closed).code));
    assert.deepEqual(
      codes.toSorted((a, b) => a - b),
      [1006, 1006, 4000, 4000],
    );
    await until(() => sockets.size === 0);
  });

  test("N7: closes its sockets, or some of them", bounded, async (t) => {
    const { all, pages, port } = await rooms(t);
    const [one, two, three] = [
      await Client.connect(port, "/rooms/1"),
      await Client.connect(port, "/rooms/2"),
      await Client.connect(port, "/pages"),
    ];
    await until(() => all.size === 2 && pages.size === 1);
    void all.to({ id: "1" }).close(4001, "only one");
    assert.deepEqual(await one.closed, { code: 4001, reason: "only one" });
    assert.equal(all.size, 1);
    void all.close();
    assert.deepEqual(await two.closed, { code: 1000, reason: "" });
    await pages.send("still here");
    assert.equal(await three.next(), "still here");
  });

  test("remembers nobody who has gone", bounded, async (t) => {
    const { all, port } = await rooms(t);
    for (let count = 0; count < 5; count++) await (await Client.connect(port, "/rooms/1")).close();
    const raw = new RawClient(port).write(upgradeText("/rooms/1"));
    await raw.until("101");
    await raw.reset();
    await until(() => all.sessions.size === 0);
  });
});

describe("what may not be sent", () => {
  const wrong: readonly unknown[] = [
    undefined,
    null,
    7,
    {},
    [],
    { length: 1 },
    new Date(0),
    new String("text"),
  ];

  test("hostile 62: rejects, is nobody's unhandled rejection, and reaches nobody", bounded, async (t) => {
    const { sockets, all, port } = await rooms(t);
    const client = await Client.connect(port, "/rooms/1");
    await until(() => all.size === 1);
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", onUnhandled);
    t.after(() => process.off("unhandledRejection", onUnhandled));
    const sends = [all, all.to({ id: "1" }), all.to({ id: "nobody" }), sockets.of("nobody")].map(
      (audience) => (message: never) => audience.send(message),
    );
    for (const send of [...sends, (message: never) => sockets.broadcast(message)]) {
      for (const message of wrong) {
        void send(message as never);
        await assert.rejects(send(message as never), {
          code: "ERR_INVALID_MESSAGE",
          message: /^expected a string, a Uint8Array or an ArrayBuffer to send, but got /,
        });
      }
    }
    await new Promise(setImmediate);
    assert.deepEqual(unhandled, []);
    await all.send("last");
    assert.deepEqual(await messagesUntil(client, "last"), []);
  });

  test("a close that may not be sent throws, and closes nobody", bounded, async (t) => {
    const { sockets, all, port } = await rooms(t);
    const client = await Client.connect(port, "/rooms/1");
    await until(() => all.size === 1);
    const closes: readonly [code: unknown, reason: unknown][] = [
      [999, ""],
      [1004, ""],
      [1005, ""],
      [1006, ""],
      [1015, ""],
      [2999, ""],
      [5000, ""],
      [1000.5, ""],
      [NaN, ""],
      ["1000", ""],
      [null, ""],
      [1000, "x".repeat(124)],
      [1000, "世".repeat(42)],
      [1000, 7],
    ];
    for (const audience of [all, all.to({ id: "nobody" }), sockets.of("nobody")]) {
      for (const [code, reason] of closes) {
        assert.throws(
          () => audience.close(code as never, reason as never),
          { name: "InvalidCloseError", code: "ERR_INVALID_CLOSE" },
          `${String(code)} ${String(reason)}`,
        );
      }
    }
    await all.send("open");
    assert.equal(await client.next(), "open");
  });
});

describe("broadcast", () => {
  test("W8: reaches every route, and leaves one out", bounded, async (t) => {
    const { sockets, port } = await rooms(t);
    const paths = ["/rooms/1", "/files/a", "/pages/2"];
    const clients = await Promise.all(paths.map((path) => Client.connect(port, path)));
    await until(() => sockets.size === 3);
    const [first] = sockets.openSockets;
    await sockets.broadcast("to most", { except: first });
    await sockets.broadcast("last");
    const received = await Promise.all(clients.map((client) => messagesUntil(client, "last")));
    assert.deepEqual(received, [[], ["to most"], ["to most"]]);
  });

  test("reaches the sockets of a second mount and of an own listener too", bounded, async (t) => {
    const sockets = new Sockets();
    const listener = sockets.upgrade(stay);
    sockets.route("/route", stay);
    const server = await sockets.listen(0, "127.0.0.1");
    server.removeAllListeners("request");
    server.on("request", listener);
    const port = await served(t, server);
    t.after(() => sockets.close({ grace: 100 }));
    const clients = [await Client.connect(port, "/route"), await Client.connect(port, "/native")];
    await until(() => sockets.size === 2);
    await sockets.broadcast("hi");
    for (const client of clients) assert.equal(await client.next(), "hi");
  });
});

describe("hostile 51: a slow reader in an audience", () => {
  const maxBufferedAmount = 65_536;
  const message = Buffer.alloc(maxBufferedAmount, "x").toString();

  for (const how of ["route.send", "to().send", "broadcast", "of().send"] as const) {
    test(`N8: holds nobody up, and is cut with 1013 (${how})`, bounded, async (t) => {
      const ended = deferred<CloseInfo>();
      const sockets = new Sockets(undefined, { logger: new Log(), identify: () => "everybody" });
      const route = sockets.route(
        "/rooms/:id",
        async (ws) => {
          const info = await ws.whenClosed;
          if (ws.params.id === "slow") ended.resolve(info);
        },
        { maxBufferedAmount },
      );
      const port = await listening(t, sockets);
      const slow = new RawClient(port).write(upgradeText("/rooms/slow"));
      await slow.until("\r\n\r\n");
      slow.socket.pause();
      const fast = await Promise.all([1, 2].map((id) => Client.connect(port, `/rooms/${id}`)));
      await until(() => route.size === 3);
      const slowOne = [...route].find(({ params }) => params.id === "slow");
      assert.ok(slowOne);
      const everybody = {
        "route.send": route,
        "to().send": route.to({}),
        "of().send": sockets.of("everybody"),
      };
      const send =
        how === "broadcast" ? sockets.broadcast.bind(sockets) : everybody[how].send.bind(everybody[how]);
      let most = 0;
      while (slowOne.connected) {
        await send(message);
        most = Math.max(most, slowOne.bufferedAmount);
        for (const client of fast) assert.equal((await client.next()).length, message.length);
      }
      const { code, by } = await ended.promise;
      assert.deepEqual([code, by], [1013, "library"]);
      // What waited was bounded: all that may wait, and the message that came on top of it.
      assert.ok(most <= 2 * (maxBufferedAmount + 16), String(most));
      assert.equal(route.size, 2);
      await send("after");
      for (const client of fast) assert.equal(await client.next(), "after");
    });
  }

  test("that reads on in time keeps its place", bounded, async (t) => {
    const { all, port } = await rooms(t, { route: { maxBufferedAmount } });
    const client = new RawClient(port).write(upgradeText("/rooms/1"));
    await client.until("\r\n\r\n");
    await until(() => all.size === 1);
    const [ws] = [...all];
    client.socket.pause();
    await until(() => {
      void all.send(message);
      return ws !== undefined && ws.bufferedAmount > 0;
    });
    client.socket.resume();
    await until(() => ws?.bufferedAmount === 0);
    await all.send("last");
    await client.until("\x81\x04last");
    client.write(clientFrame(Buffer.from([0x03, 0xe8]), 8));
    await once(client.socket, "close");
  });
});
