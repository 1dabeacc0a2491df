import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Blueprint, Sockets, type Socket } from "jackfield";
import { Client, bounded, deferred, until } from "../frameworks/clients.js";
import { site } from "./messages-site.js";

/** A handler that always says the same. */
const say = (what: string) => (): string => what;

describe("onMessage", bounded, () => {
  test("W1: a handler for everything gets text and bytes, and what it returns is the reply", async (t) => {
    const { client } = await site(t, (sockets) => sockets.onMessage((message) => message));
    await client.echo("hello");
    client.send(Buffer.from([1, 2, 3]));
    assert.deepEqual(await client.next(), Buffer.from([1, 2, 3]));
  });

  test("W2: a string is the source of a pattern that has to match from the beginning", async (t) => {
    const { client } = await site(t, (sockets) => {
      sockets.onMessage("ECHO .*|SAY .*", (message) => message.split(" ").slice(1).join(" "));
      sockets.onMessage("^LOUD (.*)", (_message, match) => match[1]?.toUpperCase());
    });
    client.send("please ECHO not this");
    client.send("ECHO one two");
    assert.equal(await client.next(), "one two");
    client.send("please SAY nothing"); // the whole of it is anchored, not only its first alternative
    client.send("LOUD three");
    assert.equal(await client.next(), "THREE");
  });

  test("W2: a regular expression matches where it says, and gives its match", async (t) => {
    const { client } = await site(t, (sockets) =>
      sockets.onMessage(/(?<number>\d+)/, (_message, { groups }) => groups?.["number"]),
    );
    client.send("no digits");
    client.send("room 7, please");
    assert.equal(await client.next(), "7");
  });

  test("W2: the flags g and y do no harm, nor does the application's own use of the expression", async (t) => {
    const global = /a/g;
    const { client } = await site(t, (sockets) => {
      sockets.onMessage(global, () => "g");
      sockets.onMessage(/a/y, () => "y");
    });
    for (let each = 0; each < 3; each++) {
      global.lastIndex = 3;
      client.send("a");
      assert.deepEqual([await client.next(), await client.next()], ["g", "y"]);
    }
  });

  test("W2: patterns are for text only", async (t) => {
    const { client } = await site(t, (sockets) => {
      sockets.onMessage(".*", () => "text");
      sockets.onMessage((message) => (typeof message === "string" ? undefined : "anything"));
    });
    client.send(Buffer.from("bytes"));
    assert.equal(await client.next(), "anything");
  });

  test("W3: all patterns that match run in their order, then all handlers for everything", async (t) => {
    const { client } = await site(t, (sockets) => {
      sockets.onMessage(() => "all 1");
      sockets.onMessage("a", async () => "pattern 1");
      sockets.onMessage("b", () => "not meant");
      sockets.onMessage(() => "all 2");
      sockets.onMessage("ab?", () => "pattern 2");
    });
    client.send("ab");
    for (const reply of ["pattern 1", "pattern 2", "all 1", "all 2"])
      assert.equal(await client.next(), reply);
    client.send("last");
    assert.equal(await client.next(), "all 1");
  });

  test("W3: with matchOne, the first that matches is the only one", async (t) => {
    const { client } = await site(
      t,
      (sockets) => {
        sockets.onMessage(() => "everything");
        sockets.onMessage("a", async () => undefined);
        sockets.onMessage("ab", () => "second");
      },
      { matchOne: true },
    );
    client.send("ab"); // for the first pattern, which says nothing
    client.send("b");
    assert.equal(await client.next(), "everything");
  });

  test("N2: the messages of one socket are handled one at a time and in order, those of others meanwhile", async (t) => {
    const gate = deferred();
    const { client, port } = await site(t, (sockets) =>
      sockets.onMessage(async (message) => {
        if (message === "slow") await gate.promise;
        return message;
      }),
    );
    client.send("slow");
    client.send("after it");
    const other = await Client.connect(port, "/");
    await other.echo("not held up");
    gate.resolve();
    assert.deepEqual([await client.next(), await client.next()], ["slow", "after it"]);
  });

  test("hands the socket to every kind of handler", async (t) => {
    const { client } = await site(t, (sockets) => {
      sockets.onOpen((ws) => ws.id);
      sockets.onMessage("id", (_message, _match, ws) => ws.id);
      sockets.onMessage((_message, ws) => ws.id);
    });
    const id = await client.next();
    client.send("id");
    assert.deepEqual([await client.next(), await client.next()], [id, id]);
  });

  test("what is no handler or pattern is refused at once", () => {
    const sockets = new Sockets();
    const cases: readonly (() => void)[] = [
      () => sockets.onMessage("a" as never),
      () => sockets.onMessage("(", () => undefined),
      () => sockets.onMessage(7 as never, () => undefined),
      () => sockets.onMessage("a", {} as never),
      () => sockets.onOpen(undefined as never),
      () => sockets.onClose("x" as never),
    ];
    for (const wrong of cases) assert.throws(wrong, { code: "ERR_INVALID_ROUTE", message: /^expected / });
  });
});

describe("onOpen and onClose", bounded, () => {
  test("W8: what onOpen returns is sent, before any message is handled", async (t) => {
    const gate = deferred();
    const { client } = await site(t, (sockets) => {
      sockets.onOpen(async () => {
        await gate.promise;
        return "welcome";
      });
      sockets.onOpen(() => "again");
      sockets.onMessage((message) => message);
    });
    client.send("early");
    gate.resolve();
    assert.deepEqual(
      [await client.next(), await client.next(), await client.next()],
      ["welcome", "again", "early"],
    );
  });

  test("W8: onClose comes once, last, with how the connection ended; what it returns doesn't matter", async (t) => {
    const order: unknown[] = [];
    const { client, sockets, log } = await site(t, (sockets) => {
      sockets.onMessage(async (message) => {
        await new Promise(setImmediate);
        order.push(message);
      });
      sockets.onClose((ws, { code, reason }) => order.push([ws.closed, code, reason]));
      sockets.onClose(() => ({ not: "a reply" }));
    });
    client.send("one");
    client.send("two");
    await client.close(4000, "bye");
    await until(() => sockets.size === 0);
    assert.deepEqual(order, ["one", "two", [true, 4000, "bye"]]);
    assert.deepEqual(log.errors, []);
  });

  test("W8: broadcast reaches everyone", async (t) => {
    const { client, port, sockets } = await site(t, (sockets) =>
      sockets.onMessage((message, ws) => sockets.broadcast(message, { except: ws })),
    );
    const others = await Promise.all([1, 2].map(() => Client.connect(port, "/")));
    await until(() => sockets.size === 3);
    client.send("to all others");
    for (const other of others) assert.equal(await other.next(), "to all others");
  });
});

describe("endpoints", bounded, () => {
  test("W7: that of the app is named websocket and at /, or where the option says", async (t) => {
    const { sockets } = await site(t, (sockets) => sockets.onMessage(say("here")));
    assert.equal(sockets.urlFor("websocket"), "/");
    const elsewhere = await site(t, (sockets) => sockets.onMessage(say("there")), {
      endpoint: "/ws/:room",
      path: "/ws/7",
    });
    elsewhere.client.send("?");
    assert.equal(await elsewhere.client.next(), "there");
    assert.equal(elsewhere.sockets.urlFor("websocket", { room: 8 }), "/ws/8");
  });

  test("there is none before its first handler", () => {
    const sockets = new Sockets();
    assert.throws(() => sockets.urlFor("websocket"), { code: "ERR_INVALID_URL" });
    sockets.onMessage(say("now"));
    assert.equal(sockets.urlFor("websocket"), "/");
    assert.throws(() => sockets.route("/", say("taken")), { code: "ERR_INVALID_ROUTE" });
  });

  test("others have handlers, variables, options and an audience of their own", async (t) => {
    const { sockets, port, client } = await site(t, (sockets) => sockets.onMessage(say("app")));
    const game = sockets.endpoint("/game/:id", { name: "game", matchOne: true, maxMessageSize: 100 });
    game.onMessage("id", (_message, _match, ws) => ws.params.id);
    game.onMessage((message) => message);
    const player = await Client.connect(port, "/game/7");
    player.send("id");
    assert.equal(await player.next(), "7");
    await player.echo("only one");
    client.send("?");
    assert.equal(await client.next(), "app");
    await game.route.to({ id: "7" }).send("to the players of 7");
    assert.equal(await player.next(), "to the players of 7");
    assert.equal(sockets.urlFor("game", { id: 8 }), "/game/8");
    player.send("x".repeat(101));
    assert.equal((await player.closed).code, 1009);
  });

  test("F5: a blueprint has its own, as often as it is mounted", async (t) => {
    const chat = new Blueprint("chat", { matchOne: true });
    chat.onMessage("who", (_message, _match, ws: Socket<unknown>) => JSON.stringify(ws.params));
    chat.onMessage((message) => message);
    chat.on("ping", () => "pong");
    chat.endpoint("/admin", { name: "admin" }).onMessage(say("admin"));
    const { sockets, port } = await site(t, (sockets) => {
      sockets.onMessage(say("app"));
      sockets.register(chat, { urlPrefix: "/chat/:room" });
      sockets.register(chat, { urlPrefix: "/again", name: "again" });
    });
    assert.equal(sockets.urlFor("chat.websocket", { room: 7 }), "/chat/7");
    assert.equal(sockets.urlFor("chat.admin", { room: 7 }), "/chat/7/admin");
    const [first, second] = [await Client.connect(port, "/chat/7"), await Client.connect(port, "/again")];
    for (const [client, params] of [
      [first, { room: "7" }],
      [second, {}],
    ] as const) {
      client.send("who");
      assert.deepEqual(await client.nextJson(), params);
      client.send(`{"event": "ping"}`);
      assert.deepEqual(await client.nextJson(), { event: "ping", data: "pong" });
    }
    const admin = await Client.connect(port, "/again/admin");
    admin.send("?");
    assert.equal(await admin.next(), "admin");
    assert.throws(() => new Blueprint("x", { matchOne: 1 as never }), { code: "ERR_INVALID_OPTION" });
  });

  test("wrong options are refused", () => {
    assert.throws(() => new Sockets(undefined, { matchOne: "yes" as never }), { code: "ERR_INVALID_OPTION" });
    assert.throws(() => new Sockets(undefined, { endpoint: 7 as never }), { code: "ERR_INVALID_OPTION" });
    const sockets = new Sockets();
    assert.throws(() => sockets.endpoint("/a", { matchOne: 1 as never }), { code: "ERR_INVALID_OPTION" });
    assert.throws(() => sockets.endpoint("/a", { matchone: true } as never), { code: "ERR_INVALID_OPTION" });
    assert.throws(() => sockets.endpoint("a"), { code: "ERR_INVALID_ROUTE" });
  });
});

describe("the option concurrency", bounded, () => {
  test("lets so many messages of one socket be handled at once, and no more", async (t) => {
    const gates = new Map(["1", "2", "3"].map((name) => [name, deferred()]));
    const begun: string[] = [];
    const { client } = await site(
      t,
      (sockets) =>
        sockets.onMessage(".*", async (message) => {
          begun.push(message);
          await gates.get(message)?.promise;
          return message;
        }),
      { concurrency: 2 },
    );
    for (const name of gates.keys()) client.send(name);
    await until(() => begun.length === 2);
    gates.get("2")?.resolve();
    assert.equal(await client.next(), "2");
    await until(() => begun.length === 3);
    gates.get("3")?.resolve();
    assert.equal(await client.next(), "3");
    gates.get("1")?.resolve();
    assert.equal(await client.next(), "1");
  });

  test("still has the end come last, and a fault end the connection", async (t) => {
    const gate = deferred();
    const order: string[] = [];
    const { client, sockets, log } = await site(
      t,
      (sockets) => {
        sockets.onMessage("wait", async () => {
          await gate.promise;
          order.push("done");
        });
        sockets.onMessage("fail", () => Promise.reject(new Error("no")));
        sockets.onClose(() => order.push("closed"));
      },
      { concurrency: Infinity },
    );
    client.send("wait");
    client.send("fail");
    assert.equal((await client.closed).code, 1011);
    gate.resolve();
    await until(() => sockets.size === 0);
    assert.deepEqual(order, ["done", "closed"]);
    assert.equal(log.errors.length, 1);
  });
});
