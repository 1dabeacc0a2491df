import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sockets, type BrokerLink, type CloseInfo, type Socket } from "jackfield";
import type { Member } from "#src/rooms/audience.js";
import { Groups } from "#src/rooms/groups.js";
import { Relay } from "#src/rooms/relay.js";
import { RawClient, bounded, deferred, until, upgradeText, type Client } from "../frameworks/clients.js";
import { Site } from "./site.js";

describe("a membership", () => {
  for (const [how, end] of [
    ["the client closes", ({ client }) => client.close()],
    ["the client hangs up", ({ client }) => client.ws.terminate()],
    ["the socket is closed", ({ ws }) => ws.close(4000)],
    ["the socket is terminated", ({ ws }) => ws.terminate()],
    ["the handler fails", ({ client }) => client.send("fail")],
    ["the room is closed", (_ends, site) => site.sockets.room("a").close()],
  ] satisfies [string, (ends: { ws: Socket<never>; client: Client }, site: Site) => unknown][]) {
    test(`A2: ends when ${how}; the close hook still sees the rooms`, bounded, async (t) => {
      const told = deferred<string[]>();
      const site = await Site.start(
        t,
        {},
        {
          message: () => {
            throw new Error("broken");
          },
          close: (ws) => told.resolve([...ws.rooms]),
        },
      );
      const [one] = await site.openIn("a", "one");
      assert.ok(one);
      await one.ws.join("b");
      void end(one as never, site);
      assert.deepEqual(await told.promise, ["a", "b"]);
      await until(() => site.sockets.size === 0);
      assert.deepEqual([...one.ws.rooms], ["a", "b"]);
      for (const name of ["a", "b"]) assert.equal(site.sockets.room(name).size, 0);
      one.ws.leave("a");
      assert.deepEqual([...one.ws.rooms], ["a", "b"]);
    });
  }

  test("counts no more while the connection is closing", bounded, async (t) => {
    const site = await Site.start(t);
    const raw = new RawClient(site.port).write(upgradeText("/raw")); // which never answers a close frame
    await until(() => site.route.size === 1);
    const [ws] = site.route;
    const room = site.sockets.room("lobby");
    await ws?.join(room);
    void ws?.close(4000, "bye");
    assert.deepEqual([room.size, [...room]], [0, []]);
    await room.send("too late");
    await raw.until("bye");
    assert.doesNotMatch(raw.received, /too late/);
    raw.socket.destroy();
    await until(() => site.sockets.size === 0);
  });

  test("is refused when the connection has ended, or is about to", bounded, async (t) => {
    const closed = deferred<CloseInfo>();
    const site = await Site.start(t, {}, { close: (_ws, info) => closed.resolve(info) });
    const { ws } = await site.open("one");
    void ws.close(4000, "mine");
    void ws.join("lobby");
    await assert.rejects(ws.join("lobby"), { code: "ERR_CONNECTION_CLOSED" });
    const close = await closed.promise;
    await assert.rejects(ws.join("lobby"), { code: "ERR_CONNECTION_CLOSED", close });
    assert.deepEqual([ws.rooms.size, site.sockets.room("lobby").size], [0, 0]);
    assert.deepEqual(site.log.errors, []);
  });

  test("of many rooms and sockets leaves nothing behind", bounded, async (t) => {
    const channels = new Set<string>();
    const link: BrokerLink = {
      publish: async () => undefined,
      subscribe: async (channel) => void channels.add(channel),
      unsubscribe: async (channel) => void channels.delete(channel),
      close: async () => undefined,
    };
    const broker = { connect: (): BrokerLink => link };
    const site = await Site.start(t, { broker });
    const opened = await Promise.all(["one", "two"].map((name) => site.open(name)));
    const before = new Set(channels);
    for (const { ws } of opened) for (let each = 0; each < 100; each++) void ws.join(`room ${each}`);
    assert.equal(channels.size, before.size + 100);
    for (let each = 0; each < 50; each++) opened[0]?.ws.leave(`room ${each}`);
    assert.equal(channels.size, before.size + 100);
    for (let each = 0; each < 50; each++) opened[1]?.ws.leave(`room ${each}`);
    assert.equal(channels.size, before.size + 50);
    for (let each = 0; each < 1_000; each++) void site.sockets.room(`nobody is in ${each}`).send("hello?");
    assert.equal(channels.size, before.size + 50);
    for (const { client } of opened) await client.close();
    await until(() => site.sockets.size === 0);
    assert.deepEqual(channels, before);
  });

  test("leaves no group behind either", () => {
    const groups = new Groups("room", new Relay(), () => ({ receive: () => undefined, sizeFor: () => 0 }));
    const [one, two] = [{} as Member, {} as Member];
    void groups.join("lobby", one);
    void groups.join("lobby", two);
    groups.leave("lobby", one);
    assert.deepEqual([...groups.members("lobby")], [two]);
    assert.notEqual(groups.preparer("lobby"), undefined);
    groups.leave("attic", one);
    groups.leave("lobby", one);
    groups.leave("lobby", two);
    assert.deepEqual([[...groups.members("lobby")], groups.preparer("lobby")], [[], undefined]);
  });
});

describe("what is refused", () => {
  test("hostile 9: rooms may be called like what objects have", bounded, async (t) => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "世界", " ", "x".repeat(256)];
    const site = await Site.start(t);
    const { ws, client } = await site.open("one");
    for (const name of names) {
      const room = site.sockets.room(name);
      assert.deepEqual([room.size, [...room], ws.rooms.has(name)], [0, [], false]);
      await room.send("to nobody");
      await ws.join(name);
      assert.equal(room.size, 1);
      await room.send(`to ${name}`);
      assert.equal(await client.next(), `to ${name}`);
      assert.deepEqual(room.overflowed, { dropped: 0, closed: 0 });
    }
    assert.deepEqual([...ws.rooms], names);
    assert.deepEqual(Object.keys(Object.prototype), []);
  });

  test("hostile 9: a name that is none is refused, and told in the log", bounded, async (t) => {
    const site = await Site.start(t);
    const { ws } = await site.open("one");
    const wrong: readonly unknown[] = [
      "",
      "x".repeat(257),
      7,
      undefined,
      null,
      {},
      { name: 7 },
      ["lobby"],
      Symbol("s"),
    ];
    for (const name of wrong) {
      await assert.rejects(ws.join(name as never), {
        name: "InvalidRoomError",
        code: "ERR_INVALID_ROOM",
        message: /^expected the name of a room, a string of 1 to 256 characters, but got /,
      });
      void ws.join(name as never);
      ws.leave(name as never);
    }
    assert.equal(site.log.errors.length, 2 * wrong.length);
    assert.deepEqual([ws.rooms.size, ws.connected], [0, true]);
    for (const name of wrong)
      assert.throws(() => site.sockets.room(name as never), { code: "ERR_INVALID_ROOM" });
  });

  test("more rooms than maxRooms are refused, and told in the log", bounded, async (t) => {
    const site = await Site.start(t, { maxRooms: 2 });
    const { ws } = await site.open("one");
    await ws.join("a");
    await ws.join("b");
    await ws.join("a"); // it is in that one
    await assert.rejects(ws.join("c"), {
      code: "ERR_INVALID_ROOM",
      message: /^expected at most 2 rooms for a socket of \/:name, but this is one more; see maxRooms$/,
    });
    assert.equal(site.log.errors.length, 1);
    assert.deepEqual([[...ws.rooms], site.sockets.room("c").size], [["a", "b"], 0]);
    ws.leave("a");
    await ws.join("c");
    assert.deepEqual([...ws.rooms], ["b", "c"]);
  });

  test("without maxRooms, the 1025th", bounded, async (t) => {
    const site = await Site.start(t);
    const { ws } = await site.open("one");
    for (let each = 0; each < 1_024; each++) await ws.join(String(each));
    await assert.rejects(ws.join("1024"), { code: "ERR_INVALID_ROOM" });
  });

  test("options that there are not, and other policies", () => {
    const sockets = new Sockets();
    assert.throws(() => sockets.room("lobby", { overflow: "drop" as never }), {
      code: "ERR_INVALID_OPTION",
      message: 'option overflow: expected one of close, drop-newest, drop-oldest, latest, but got "drop"',
    });
    assert.throws(() => sockets.room("lobby", { overflows: "close" } as never), {
      code: "ERR_INVALID_OPTION",
      message: 'option overflows: expected the option overflow, but got "close"',
    });
  });
});
