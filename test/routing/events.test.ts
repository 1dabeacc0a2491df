import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { type } from "arktype";
import { Sockets, json, type EventErrorMessage } from "jackfield";
import * as v from "valibot";
import { z } from "zod";
import { bounded, until } from "../frameworks/clients.js";
import { site, type MessagesSite } from "./messages-site.js";

interface EventSite extends MessagesSite {
  /** Sends a message and gives the answer. */
  readonly ask: (message: unknown) => Promise<unknown>;
  /** Sends text and gives the code of the error that it is answered with. */
  readonly codeOf: (text: string) => Promise<string>;
}

async function eventSite(t: TestContext, add: (sockets: Sockets) => void): Promise<EventSite> {
  const made = await site(t, add);
  const { client } = made;
  return {
    ...made,
    ask: async (message) => {
      client.send(JSON.stringify(message));
      return client.nextJson();
    },
    codeOf: async (text) => {
      client.send(text);
      return ((await client.nextJson()) as EventErrorMessage).error.code;
    },
  };
}

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
    assert.throws(() => sockets.on("b", {} as never, () => undefined), { code: "ERR_INVALID_OPTION" });
    assert.throws(() => sockets.on("b", z.string() as never), { code: "ERR_INVALID_ROUTE" });
    assert.throws(() => sockets.on(7 as never, () => undefined), { code: "ERR_INVALID_ROUTE" });
  });
});

describe("N10: the schema of an event", bounded, () => {
  const schemas = {
    zod: z.object({ name: z.string().min(2).trim(), tags: z.array(z.string()).default([]) }),
    valibot: v.object({
      name: v.pipe(v.string(), v.minLength(2), v.trim()),
      tags: v.optional(v.array(v.string()), []),
    }),
    arktype: type({ name: "string.trim |> string >= 2", tags: type("string[]").default(() => []) }),
  };
  for (const [name, schema] of Object.entries(schemas)) {
    test(`of ${name} checks the data and changes it`, async (t) => {
      const { ask } = await eventSite(t, (sockets) => {
        // The three types have the same output; the compiler looks at each of them in test/types.
        sockets.on("join", schema as (typeof schemas)["zod"], (data) => ({
          welcome: data.name,
          tags: data.tags,
        }));
      });
      assert.deepEqual(await ask({ event: "join", data: { name: "Ann " }, id: 1 }), {
        event: "join",
        data: { welcome: "Ann", tags: [] },
        id: 1,
      });
    });

    test(`of ${name} tells the client what is wrong, and where`, async (t) => {
      const { ask } = await eventSite(t, (sockets) => sockets.on("join", schema, () => "never"));
      const answer = (await ask({
        event: "join",
        data: { name: "Ann", tags: ["a", 7] },
        id: 1,
      })) as EventErrorMessage;
      assert.deepEqual([answer.event, answer.id, answer.error.code], ["join", 1, "invalid_data"]);
      assert.deepEqual(
        answer.error.issues?.map(({ path }) => path),
        [["tags", 1]],
      );
      assert.equal(typeof answer.error.issues?.[0]?.message, "string");
      const missing = (await ask({ event: "join" })) as EventErrorMessage;
      assert.equal(missing.error.code, "invalid_data");
    });
  }

  test("may be asynchronous", async (t) => {
    const taken = z.string().refine(async (name) => name !== "taken", "is taken");
    const { ask } = await eventSite(t, (sockets) => sockets.on("name", taken, (name) => name.toUpperCase()));
    assert.deepEqual(await ask({ event: "name", data: "free" }), { event: "name", data: "FREE" });
    const answer = (await ask({ event: "name", data: "taken" })) as EventErrorMessage;
    assert.deepEqual(answer.error.issues, [{ message: "is taken" }]);
  });

  test("that fails itself is a fault of the application", async (t) => {
    const { client, log, sockets } = await eventSite(t, (sockets) =>
      sockets.on(
        "x",
        z.string().transform(() => {
          throw new Error("the schema failed");
        }),
        () => "never",
      ),
    );
    client.send(`{"event":"x","data":""}`);
    assert.equal((await client.closed).code, 1011);
    await until(() => sockets.size === 0);
    assert.match(String(log.errors[0]?.error), /the schema failed/);
  });
});
