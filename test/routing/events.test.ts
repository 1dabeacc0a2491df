import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sockets, json, type EventErrorMessage } from "jackfield";
import { z } from "zod";
import { bounded } from "../frameworks/clients.js";
import { eventSite, site } from "./messages-site.js";

describe("events", bounded, () => {
  test("A1: have a handler each, whose value is the data of the reply", async (t) => {
    const { ask } = await eventSite(t, (sockets) => {
      sockets.on("add", (data) => (data as number[]).reduce((sum, each) => sum + each));
      sockets.on("later", async (data) => ({ later: data }));
    });
    assert.deepEqual(await ask({ event: "add", data: [1, 2, 3] }), { event: "add", data: 6 });
    assert.deepEqual(await ask({ event: "later", data: "x" }), { event: "later", data: { later: "x" } });
  });

  test("A2: a reply carries the id of its event, and one without a value is an acknowledgement", async (t) => {
    const { client, ask } = await eventSite(t, (sockets) => {
      sockets.on("get", () => null);
      sockets.on("save", () => undefined);
    });
    assert.deepEqual(await ask({ event: "get", id: 7 }), { event: "get", data: null, id: 7 });
    client.send(`{"event":"save"}`); // nobody waits for an answer
    assert.deepEqual(await ask({ event: "save", id: "a" }), { event: "save", id: "a" });
  });

  test("A2: a generator replies several times, each with the id", async (t) => {
    const { client } = await eventSite(t, (sockets) => {
      sockets.on("count", async function* (data) {
        for (let each = 1; each <= (data as number); each++) yield each;
      });
    });
    client.send(`{"event":"count","data":2,"id":1}`);
    client.send(`{"event":"count","data":0,"id":2}`);
    assert.deepEqual(await client.nextJson(), { event: "count", data: 1, id: 1 });
    assert.deepEqual(await client.nextJson(), { event: "count", data: 2, id: 1 });
    assert.deepEqual(await client.nextJson(), { event: "count", id: 2 });
  });

  test("what json makes is taken out of it", async (t) => {
    const { ask } = await eventSite(t, (sockets) => sockets.on("x", () => json({ a: 1 })));
    assert.deepEqual(await ask({ event: "x" }), { event: "x", data: { a: 1 } });
  });

  test("A1: other messages are for onMessage, and events are not", async (t) => {
    const { client, ask } = await eventSite(t, (sockets) => {
      sockets.on("known", () => "event");
      sockets.onMessage((message) => `raw: ${String(message)}`);
    });
    assert.deepEqual(await ask({ event: "known" }), { event: "known", data: "event" });
    for (const raw of ["no json", "7", `{"no":"event"}`, `{"event":7}`]) {
      client.send(raw);
      assert.equal(await client.next(), `raw: ${raw}`);
    }
    client.send(Buffer.from("bytes"));
    assert.equal(await client.next(), "raw: bytes");
  });

  test("without any event, text is never looked into", async (t) => {
    const { client } = await site(t, (sockets) => sockets.onMessage((message) => message));
    await client.echo(`{"event":"x"}`);
  });

  test("A1: what nobody handles is answered with a code, and the connection lives on", async (t) => {
    const { client, ask, codeOf, log } = await eventSite(t, (sockets) => sockets.on("known", () => "fine"));
    assert.equal(await codeOf("{"), "invalid_json");
    assert.equal(await codeOf(""), "invalid_json");
    for (const text of ["7", "null", "[]", "{}", `{"event":null}`, `{"event":"known","id":{}}`])
      assert.equal(await codeOf(text), "invalid_event", text);
    client.send(Buffer.from(`{"event":"known"}`));
    assert.deepEqual(((await client.nextJson()) as EventErrorMessage).error.code, "invalid_event");
    assert.deepEqual(await ask({ event: "unknown", id: 3 }), {
      event: "unknown",
      id: 3,
      error: { code: "unknown_event", message: 'there is no event "unknown"' },
    });
    assert.deepEqual(await ask({ event: "known", id: 4 }), { event: "known", data: "fine", id: 4 });
    assert.deepEqual(log.errors, []);
  });

  test("A1: an event whose id is none is still an event, and told by its name", async (t) => {
    const { client, log } = await eventSite(t, (sockets) => {
      sockets.on("known", () => "never");
      sockets.onMessage(() => "not meant");
    });
    for (const id of ["{}", "[]", "true", "null", "1e999"]) {
      client.send(`{"event":"known","id":${id}}`);
      const { event, error } = (await client.nextJson()) as EventErrorMessage;
      assert.deepEqual([event, error.code], ["known", "invalid_event"], id);
    }
    assert.deepEqual(log.errors, []);
  });

  test("hostile 9: names of Object's own members are names as any", async (t) => {
    const { ask, client } = await eventSite(t, (sockets) => {
      sockets.on("known", (data) => data);
      sockets.on("constructor", () => "mine");
    });
    for (const event of ["__proto__", "toString", "hasOwnProperty", ""]) {
      const answer = (await ask({ event })) as EventErrorMessage;
      assert.equal(answer.error.code, "unknown_event");
    }
    assert.deepEqual(await ask({ event: "constructor" }), { event: "constructor", data: "mine" });
    client.send(`{"event":"known","data":{"__proto__":{"polluted":1}},"__proto__":{"id":1}}`);
    assert.equal(await client.next(), `{"event":"known","data":{"__proto__":{"polluted":1}}}`);
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });

  for (const [name, value] of [
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["a bigint", 1n],
    ["bytes", Buffer.from("x")],
    ["a circle", circle()],
    ["a bigint within", { n: 1n }],
  ] as const) {
    test(`a value that JSON can't carry fails the handler: ${name}`, async (t) => {
      const { client, log } = await eventSite(t, (sockets) => sockets.on("x", () => value));
      client.send(`{"event":"x","id":1}`);
      assert.equal((await client.closed).code, 1011);
      assert.match(String(log.errors[0]?.error), /a value that JSON can carry, from on\("x"\) of websocket/);
    });
  }

  test("a second handler for an event, and what is no schema or handler, is refused", () => {
    const sockets = new Sockets();
    sockets.on("a", () => undefined);
    assert.throws(() => sockets.on("a", () => undefined), { code: "ERR_INVALID_ROUTE" });
    for (const none of [{}, undefined, null, "string", () => true])
      assert.throws(() => sockets.on("b", none as never, () => undefined), { code: "ERR_INVALID_OPTION" });
    assert.throws(() => sockets.on("b", z.string() as never), { code: "ERR_INVALID_ROUTE" });
    assert.throws(() => sockets.on(7 as never, () => undefined), { code: "ERR_INVALID_ROUTE" });
  });
});

function circle(): object {
  const self: Record<string, unknown> = {};
  self["self"] = self;
  return self;
}
