import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { MemoryBroker, PreparedMessage, type SocketsOptions } from "jackfield";
import { Client, bounded, deferred } from "../frameworks/clients.js";
import { Site, messagesUntil } from "./site.js";

/** Who a request says that it is; in an application, a session would tell. */
const identify = (request: IncomingMessage): string | undefined => request.headers["x-user"]?.toString();

const ann = { headers: { "X-User": "ann" } };

interface Pair {
  readonly here: Site;
  readonly there: Site;
  readonly broker: MemoryBroker;
}

/** Two servers as two processes would have them, with one broker. */
async function pair(t: TestContext, options: SocketsOptions<IncomingMessage> = {}): Promise<Pair> {
  const broker = new MemoryBroker();
  const [here, there] = await Promise.all([1, 2].map(() => Site.start(t, { broker, identify, ...options })));
  return { here: here as Site, there: there as Site, broker };
}

describe("with a broker", () => {
  test("A2: a room is one, wherever its members are; nothing arrives twice", bounded, async (t) => {
    const { here, there } = await pair(t);
    const [one] = await here.openIn("lobby", "one");
    const [two] = await there.openIn("lobby", "two");
    const other = await there.open("other");
    assert.ok(one && two);
    await there.sockets.room("lobby").send(Buffer.from("from there"));
    for (const { client } of [one, two]) assert.deepEqual(await client.next(), Buffer.from("from there"));
    await here.sockets.room("lobby").send("from here");
    await here.sockets.room("lobby").sendJson({ json: true });
    await here.sockets.room("lobby").send(new PreparedMessage("prepared"));
    await here.sockets.broadcast("last");
    const expected = ["from here", '{"json":true}', "prepared"];
    for (const { client } of [one, two]) assert.deepEqual(await messagesUntil(client, "last"), expected);
    assert.deepEqual(await messagesUntil(other.client, "last"), []);
  });

  test("A2: size and iteration are of this process", bounded, async (t) => {
    const { here, there } = await pair(t);
    await here.openIn("lobby", "one");
    await there.openIn("lobby", "two", "three");
    assert.deepEqual(
      [here, there].map(({ sockets }) => sockets.room("lobby").size),
      [1, 2],
    );
    assert.deepEqual(
      [here, there].map(({ route }) => [...route].length),
      [1, 2],
    );
  });

  test("W8, N7: broadcast and route.send reach all, route.to those that are meant", bounded, async (t) => {
    const { here, there } = await pair(t);
    const names = ["one", "two"];
    const opened = await Promise.all([here, there].flatMap((site) => names.map((name) => site.open(name))));
    await here.sockets.broadcast("to all");
    await here.route.send("to the route");
    await here.route.to({ name: "two" }).send("to two");
    await there.route.to({ name: "one" }).send("to one");
    for (const { ws, client } of opened) {
      const expected = ["to all", "to the route", `to ${ws.params.name}`];
      const messages = [await client.next(), await client.next(), await client.next()];
      assert.deepEqual(new Set(messages), new Set(expected));
    }
    await here.sockets.broadcast("last");
    for (const { client } of opened) assert.deepEqual(await messagesUntil(client, "last"), []);
  });

  test("N7: who means nobody here means nobody there", bounded, async (t) => {
    const broker = new MemoryBroker();
    const sites = await Promise.all([1, 2].map(() => Site.start(t, { broker })));
    const [here, there] = sites as [Site, Site];
    const { client } = await there.open("7");
    const nobody: readonly unknown[] = [
      undefined,
      null,
      NaN,
      ["7"],
      { toString: () => "7" },
      7n,
      "07",
      Symbol("7"),
    ];
    for (const name of nobody) await here.route.to({ name: name as never }).send("to nobody");
    await here.route.to({ name: "7", other: "x" } as never).send("to nobody");
    await here.route.to(JSON.parse('{"__proto__": "x"}') as never).send("to nobody");
    await here.route.to({ name: 7 as never }).send("to the seventh");
    await here.route.to({}).send("last");
    assert.deepEqual(await messagesUntil(client, "last"), ["to the seventh"]);
  });

  test("W9: of(identity) reaches the sockets of one, wherever they are", bounded, async (t) => {
    const { here, there } = await pair(t);
    const mine = [await here.open("one", ann), await there.open("two", ann)];
    const other = await there.open("other", { headers: { "X-User": "bob" } });
    await here.sockets.of("ann").send("for ann");
    await here.sockets.of("eve").send("for eve");
    await here.sockets.broadcast("last");
    for (const { client } of mine) assert.deepEqual(await messagesUntil(client, "last"), ["for ann"]);
    assert.deepEqual(await messagesUntil(other.client, "last"), []);
  });

  test("A2: except leaves out the one, not those of its name elsewhere", bounded, async (t) => {
    const { here, there } = await pair(t);
    const [one, two] = await here.openIn("lobby", "one", "two");
    const [away] = await there.openIn("lobby", "one");
    assert.ok(one && two && away);
    const except = one.ws;
    await here.sockets.room("lobby").send("room", { except });
    await here.route.send("route", { except });
    await here.route.to({}).send("narrowed", { except });
    await here.sockets.broadcast("all", { except });
    await here.sockets.broadcast("last");
    assert.deepEqual(await messagesUntil(one.client, "last"), []);
    for (const { client } of [two, away])
      assert.deepEqual(await messagesUntil(client, "last"), ["room", "route", "narrowed", "all"]);
  });

  for (const what of ["room", "route", "narrowed"] as const) {
    test(
      `A2: close of a ${what === "narrowed" ? "narrowed route" : what} ends all of them`,
      bounded,
      async (t) => {
        const { here, there } = await pair(t);
        const [one] = await here.openIn("lobby", "meant");
        const [two] = await there.openIn("lobby", "meant");
        const other = await there.open("other");
        assert.ok(one && two);
        const audience = {
          room: here.sockets.room("lobby"),
          route: here.route,
          narrowed: here.route.to({ name: "meant" }),
        }[what];
        await audience.close(4000, "over");
        for (const { client } of [one, two])
          assert.deepEqual(await client.closed, { code: 4000, reason: "over" });
        if (what === "route") assert.equal((await other.client.closed).code, 4000);
        else await other.ws.send("still here");
        assert.equal(there.route.size, what === "route" ? 0 : 1);
      },
    );
  }

  test("the policy of a room is that of each process", bounded, async (t) => {
    const { here, there } = await pair(t);
    here.sockets.room("lobby", { overflow: "latest" });
    const [one] = await there.openIn("lobby", "one");
    await here.sockets.room("lobby").send("hi", { key: "greeting" });
    assert.equal(await one?.client.next(), "hi");
    assert.deepEqual(there.sockets.room("lobby").overflowed, { dropped: 0, closed: 0 });
  });

  test("what is sent in one turn arrives in order everywhere", bounded, async (t) => {
    const { here, there } = await pair(t);
    const [one] = await here.openIn("lobby", "one");
    const [two] = await there.openIn("lobby", "two");
    const room = here.sockets.room("lobby");
    const texts = Array.from({ length: 200 }, (_, at) => `${at} ${"x".repeat((at % 7) * 1_000)}`);
    for (const text of texts) void room.send(text);
    void room.send("last");
    for (const ends of [one, two]) assert.deepEqual(await messagesUntil(ends!.client, "last"), texts);
  });

  test(
    "who has left a room gets nothing of it from elsewhere, and who comes back does",
    bounded,
    async (t) => {
      const { here, there } = await pair(t);
      const [two] = await there.openIn("lobby", "two");
      assert.ok(two);
      const room = here.sockets.room("lobby");
      two.ws.leave("lobby");
      await room.send("gone");
      await here.sockets.broadcast("between");
      assert.deepEqual(await messagesUntil(two.client, "between"), []);
      two.ws.leave("lobby");
      void two.ws.join("lobby");
      two.ws.leave("lobby");
      await two.ws.join("lobby");
      await room.send("back");
      assert.equal(await two.client.next(), "back");
    },
  );
});

describe("hostile 65: a log-out in one process", () => {
  test("ends all sockets of the identity in all others within 1 s with 4401", bounded, async (t) => {
    const { here, there } = await pair(t);
    const mine = await Promise.all(["one", "two", "three"].map((name) => there.open(name, ann)));
    mine.push(await here.open("four", ann));
    const other = await there.open("other", { headers: { "X-User": "bob" } });
    const begin = performance.now();
    await here.sockets.of("ann").close();
    for (const { client } of mine)
      assert.deepEqual(await client.closed, { code: 4401, reason: "logged out" });
    assert.ok(performance.now() - begin < 1_000);
    await other.ws.send("still here");
    assert.equal(await other.client.next(), "still here");
  });

  test("and those whose upgrade is under way, where the identity has no socket yet", bounded, async (t) => {
    const held = deferred();
    const gate = deferred();
    const before = async (): Promise<void> => {
      held.resolve();
      await gate.promise;
    };
    const { here, there } = await pair(t, { before });
    const connecting = Client.connect(there.port, "/one", ann);
    await held.promise;
    await here.sockets.of("ann").close();
    await new Promise(setImmediate); // as long as the memory broker takes
    gate.resolve();
    assert.deepEqual(await (await connecting).closed, { code: 4401, reason: "logged out" });
    const again = await there.open("again", ann);
    await again.ws.send("who logs in again comes in");
    assert.equal(await again.client.next(), "who logs in again comes in");
  });

  test("with the code and the reason that were chosen", bounded, async (t) => {
    const { here, there } = await pair(t);
    const { client } = await there.open("one", ann);
    await here.sockets.of("ann").close(4402, "deleted");
    assert.deepEqual(await client.closed, { code: 4402, reason: "deleted" });
  });
});
