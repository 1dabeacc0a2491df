import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { PreparedMessage, Sockets, type Socket } from "jackfield";
import { Client, Log, bounded, serve, until } from "../frameworks/clients.js";
import { Site, messagesUntil } from "./site.js";

async function join(ws: Socket<unknown>): Promise<unknown> {
  await ws.join("lobby");
  return ws.whenClosed;
}

describe("a room", () => {
  test("A2: reaches those that have joined, and nobody else", bounded, async (t) => {
    const site = await Site.start(t);
    const room = site.sockets.room("lobby");
    const [one, two] = await site.openIn(room, "one", "two");
    const other = await site.open("other");
    assert.ok(one && two);
    assert.deepEqual([room.name, room.size, new Set(room)], ["lobby", 2, new Set([one.ws, two.ws])]);
    assert.equal(await room.send("text"), undefined);
    void room.send(Buffer.from("bytes"));
    void room.send(new Uint8Array([1, 2]).buffer);
    void room.send(new PreparedMessage("prepared"));
    void room.sendJson({ json: true });
    await site.sockets.broadcast("last");
    const expected = ["text", Buffer.from("bytes"), Buffer.from([1, 2]), "prepared", '{"json":true}'];
    for (const { client } of [one, two]) assert.deepEqual(await messagesUntil(client, "last"), expected);
    assert.deepEqual(await messagesUntil(other.client, "last"), []);
  });

  test("A2: is left again, and joined again", bounded, async (t) => {
    const site = await Site.start(t);
    const room = site.sockets.room("lobby");
    const [one, two] = await site.openIn(room, "one", "two");
    assert.ok(one && two);
    one.ws.leave("lobby");
    assert.deepEqual([room.size, one.ws.rooms.size, two.ws.rooms.size], [1, 0, 1]);
    void room.send("without one");
    await one.ws.join("lobby");
    void room.send("with both");
    await site.sockets.broadcast("last");
    assert.deepEqual(await messagesUntil(one.client, "last"), ["with both"]);
    assert.deepEqual(await messagesUntil(two.client, "last"), ["without one", "with both"]);
  });

  test("to join twice is to join once; to leave what one isn't in does nothing", bounded, async (t) => {
    const site = await Site.start(t);
    const { ws, client } = await site.open("one");
    ws.leave("lobby");
    await ws.join("lobby");
    await ws.join(site.sockets.room("lobby"));
    ws.leave("attic");
    assert.deepEqual([...ws.rooms], ["lobby"]);
    await site.sockets.room("lobby").send("once");
    await ws.send("last");
    assert.deepEqual(await messagesUntil(client, "last"), ["once"]);
    ws.leave(site.sockets.room("lobby"));
    ws.leave("lobby");
    assert.deepEqual([...ws.rooms], []);
    assert.deepEqual(site.log.errors, []);
  });

  test("A2: one socket may be in many; ws.rooms has their names", bounded, async (t) => {
    const site = await Site.start(t);
    const { ws, client } = await site.open("one");
    const names = ["a", "b", "c"];
    for (const name of names) void ws.join(name);
    assert.deepEqual([...ws.rooms], names);
    for (const name of names) void site.sockets.room(name).send(`to ${name}`);
    for (const name of names) assert.equal(await client.next(), `to ${name}`);
  });

  test("A2: leaves one out: the sender, from within its handler", bounded, async (t) => {
    const site = await Site.start(
      t,
      {},
      {
        open: (ws) => ws.join("lobby"),
        message: (ws, message) => site.sockets.room("lobby").send(message, { except: ws }),
      },
    );
    const clients = await Promise.all(["one", "two", "three"].map((name) => site.open(name)));
    const [first, ...others] = clients;
    first?.client.send("from the first");
    for (const { client } of others) assert.equal(await client.next(), "from the first");
    await site.sockets.room("lobby").send("last", { except: undefined });
    for (const { client } of clients) assert.deepEqual(await messagesUntil(client, "last"), []);
  });

  test("is known before anybody has joined, and later to whoever is there then", bounded, async (t) => {
    const site = await Site.start(t);
    const room = site.sockets.room("lobby");
    assert.deepEqual([room.size, [...room]], [0, []]);
    await room.send("to nobody");
    void room.close();
    const [one] = await site.openIn("lobby", "one");
    assert.equal(room.size, 1);
    await room.send("hi");
    assert.equal(await one?.client.next(), "hi");
    await one?.client.close();
    await until(() => room.size === 0);
    const [two] = await site.openIn(site.sockets.room("lobby"), "two");
    await room.send("hi again");
    assert.equal(await two?.client.next(), "hi again");
  });

  test("A2: has sockets of several routes, and those of an own listener", bounded, async (t) => {
    const log = new Log();
    const server = createServer();
    const sockets = new Sockets(server, { logger: log });
    sockets.route("/chat", join);
    sockets.route("/game/:id", { open: (ws) => ws.join("lobby") });
    server.on("request", sockets.upgrade(join));
    const port = await serve(t, server);
    t.after(() => sockets.close({ grace: 100 }));
    const clients = await Promise.all(
      ["/chat", "/game/7", "/elsewhere"].map((path) => Client.connect(port, path)),
    );
    const room = sockets.room("lobby");
    await until(() => room.size === 3);
    await room.send("to all three");
    for (const client of clients) assert.equal(await client.next(), "to all three");
    assert.deepEqual(log.errors, []);
  });

  test("A2: ends the connections of its members, and of nobody else", bounded, async (t) => {
    const site = await Site.start(t);
    const room = site.sockets.room("lobby");
    const members = await site.openIn(room, "one", "two");
    const other = await site.open("other");
    void room.close(4000, "closing time");
    assert.equal(room.size, 0);
    for (const { client } of members)
      assert.deepEqual(await client.closed, { code: 4000, reason: "closing time" });
    await other.ws.send("still here");
    assert.equal(await other.client.next(), "still here");
    assert.throws(() => room.close(1005), { code: "ERR_INVALID_CLOSE" });
  });

  test("hostile 62: is nobody's unhandled rejection, whatever is sent to it", bounded, async (t) => {
    const site = await Site.start(t);
    const room = site.sockets.room("lobby");
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const wrong of [undefined, null, 7, {}, []]) {
      void room.send(wrong as never);
      await assert.rejects(room.send(wrong as never), { code: "ERR_INVALID_MESSAGE" });
    }
    await assert.rejects(room.sendJson(undefined), { code: "ERR_INVALID_MESSAGE" });
    void room.sendJson(circle);
    await assert.rejects(room.sendJson(circle), TypeError);
    await assert.rejects(room.sendJson(1n), TypeError);
    await new Promise(setImmediate); // at the end of a turn it would be told, and fail the test
  });
});

describe("sending from plain code", () => {
  test("A2: a timer sends to a room", bounded, async (t) => {
    const site = await Site.start(t);
    const room = site.sockets.room("clock");
    const [one] = await site.openIn(room, "one");
    let ticks = 0;
    const timer = setInterval(() => void room.send(`tick ${++ticks}`), 5);
    t.after(() => clearInterval(timer));
    for (const tick of [1, 2, 3]) assert.equal(await one?.client.next(), `tick ${tick}`);
  });

  test("A2: an HTTP handler sends to a room", bounded, async (t) => {
    const server = createServer((_request, response) => {
      void sockets.room("lobby").send("from HTTP");
      response.end(String(sockets.room("lobby").size));
    });
    const sockets = new Sockets(server, { logger: new Log() });
    sockets.route("/chat", { open: (ws) => ws.join("lobby") });
    const port = await serve(t, server);
    t.after(() => sockets.close({ grace: 100 }));
    const client = await Client.connect(port, "/chat");
    await until(() => sockets.room("lobby").size === 1);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await response.text(), "1");
    assert.equal(await client.next(), "from HTTP");
  });
});

describe("the order", () => {
  test("of what is sent in one turn to a room, its member, its route and all is kept", bounded, async (t) => {
    const site = await Site.start(t);
    const room = site.sockets.room("lobby");
    const [one, two] = await site.openIn(room, "one", "two");
    assert.ok(one && two);
    void room.send("1");
    void one.ws.send("2, for one");
    void room.send("3");
    void site.route.send("4");
    void two.ws.send("5, for two");
    void site.sockets.broadcast("6");
    void room.send("7, not for two", { except: two.ws });
    void room.sendJson(8);
    await site.sockets.broadcast("last");
    assert.deepEqual(await messagesUntil(one.client, "last"), [
      "1",
      "2, for one",
      "3",
      "4",
      "6",
      "7, not for two",
      "8",
    ]);
    assert.deepEqual(await messagesUntil(two.client, "last"), ["1", "3", "4", "5, for two", "6", "8"]);
  });

  test("of what is sent to a room before its close: all of it arrives", bounded, async (t) => {
    const site = await Site.start(t);
    const room = site.sockets.room("lobby");
    const members = await site.openIn(room, "one", "two");
    for (const text of ["a", "b", "last"]) void room.send(text);
    void room.close(4001);
    for (const { client } of members) {
      assert.deepEqual(await messagesUntil(client, "last"), ["a", "b"]);
      assert.equal((await client.closed).code, 4001);
    }
  });
});
