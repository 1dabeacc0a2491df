import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InvalidReplyError, PreparedMessage, json, type Reply } from "jackfield";
import { bounded, deferred, until } from "../frameworks/clients.js";
import { site } from "./messages-site.js";

describe("what a message handler returns", bounded, () => {
  const replies: readonly (readonly [string, () => Reply, readonly unknown[]])[] = [
    ["nothing", () => undefined, []],
    ["null", () => null, []],
    ["text", () => "text", ["text"]],
    ["empty text", () => "", [""]],
    ["bytes", () => new Uint8Array([1, 2]), [Buffer.from([1, 2])]],
    ["an ArrayBuffer", () => new Uint8Array([3]).buffer, [Buffer.from([3])]],
    ["a prepared message", () => new PreparedMessage("ready"), ["ready"]],
    ["a promise", async () => "later", ["later"]],
    ["a promise of nothing", async () => undefined, []],
    [
      "a generator",
      function* () {
        yield "one";
        yield undefined;
        yield json(2);
      },
      ["one", "2"],
    ],
    [
      "an asynchronous generator",
      async function* () {
        yield "working";
        await new Promise(setImmediate);
        yield Buffer.from("done");
      },
      ["working", Buffer.from("done")],
    ],
    ["W4: json", () => json({ a: [1, null] }), ['{"a":[1,null]}']],
    ["W4: a promise of json", async () => json("text"), ['"text"']],
  ];
  for (const [name, handler, expected] of replies) {
    test(`W1: ${name} gives ${expected.length === 0 ? "no reply" : "its messages"}`, async (t) => {
      const { client, log } = await site(t, (sockets) => {
        sockets.onMessage("ask", handler);
        sockets.onMessage("last", () => "last");
      });
      client.send("ask");
      client.send("last");
      for (const message of [...expected, "last"]) assert.deepEqual(await client.next(), message);
      assert.deepEqual(log.errors, []);
    });
  }

  const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
    ["an object", () => ({ reply: 1 }), /but got an object \(Object\)/],
    ["a number", () => 7, /but got 7/],
    ["true", () => true, /but got true/],
    ["an array", () => ["a", "b"], /but got an array/],
    ["a set", () => new Set(["a"]), /but got an object \(Set\)/],
    ["a function", () => String, /but got the function String/],
    ["a promise of an object", async () => ({}), /but got an object/],
    ["json of nothing", () => json(undefined), /a value that JSON can carry.* but got undefined/],
    ["json of a circle", circular, /a value that JSON can carry/],
    ["json of bytes", () => json(Buffer.from("x")), /a value that JSON can carry/],
  ];
  for (const [name, handler, message] of wrong) {
    test(`W1: ${name} is an error that names the handler, and ends this connection only`, async (t) => {
      const told: unknown[] = [];
      const { client, log } = await site(
        t,
        (sockets) => sockets.onMessage(/^ASK (.*)/, handler as () => Reply),
        {
          onError: (error) => told.push(error),
        },
      );
      client.send("ASK something");
      assert.equal((await client.closed).code, 1011);
      assert.equal(log.errors.length, 1);
      const { error } = log.errors[0] ?? {};
      assert.ok(error instanceof InvalidReplyError);
      assert.deepEqual(told, [error]);
      assert.equal(error.code, "ERR_INVALID_REPLY");
      assert.equal(error.handler, "onMessage(/^ASK (.*)/) of websocket");
      assert.match(error.message, message);
    });
  }

  test("W1: one that yields something wrong has sent what came before", async (t) => {
    const { client, log } = await site(t, (sockets) =>
      sockets.onMessage(function* () {
        yield "fine";
        yield 7 as never;
      }),
    );
    client.send("go");
    assert.equal(await client.next(), "fine");
    assert.equal((await client.closed).code, 1011);
    assert.equal(log.errors.length, 1);
  });

  test("W5: a generator goes on when its message is sent, and ends with the connection", async (t) => {
    const ended = deferred();
    const { client, sockets, log } = await site(t, (sockets) =>
      sockets.onMessage(async function* () {
        try {
          for (let each = 0; ; each++) {
            await new Promise(setImmediate);
            yield `step ${each}`;
          }
        } finally {
          ended.resolve();
        }
      }),
    );
    client.send("go");
    assert.deepEqual([await client.next(), await client.next()], ["step 0", "step 1"]);
    client.ws.terminate();
    await ended.promise;
    await until(() => sockets.size === 0);
    assert.deepEqual(log.errors, []);
  });

  test("onOpen that returns what is no reply is told too", async (t) => {
    const members = new Set<unknown>();
    const { client, log } = await site(t, (sockets) =>
      sockets.onOpen(((ws: object) => members.add(ws)) as never),
    );
    assert.equal((await client.closed).code, 1011);
    assert.match(String(log.errors[0]?.error), /from onOpen of websocket, but got an object \(Set\)/);
  });

  test("a reply that comes when the connection is gone is nobody's fault", async (t) => {
    const gate = deferred();
    const { client, sockets, log } = await site(t, (sockets) =>
      sockets.onMessage(async () => {
        await gate.promise;
        return "too late";
      }),
    );
    client.send("go");
    await client.close();
    gate.resolve();
    await until(() => sockets.size === 0);
    assert.deepEqual(log.errors, []);
  });
});

function circular(): Reply {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  return json(circle);
}
