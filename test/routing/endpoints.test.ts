import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Blueprint, Sockets, type Socket } from "jackfield";
import { Client, bounded } from "../frameworks/clients.js";
import { site } from "./messages-site.js";

/** A handler that always says the same. */
const say = (what: string) => (): string => what;

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
