import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sockets } from "jackfield";
import {
  Client,
  RawClient,
  bounded,
  clientFrame,
  deferred,
  until,
  upgradeText,
} from "../frameworks/clients.js";
import { site } from "./messages-site.js";

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

  test("handlers that have nothing to wait for are through before the next message, without a promise", async (t) => {
    const order: string[] = [];
    const { port } = await site(t, (sockets) => {
      sockets.onMessage(".*", () => "reply");
      sockets.onMessage((message) => {
        order.push(`message ${String(message)}`);
        queueMicrotask(() => order.push(`promises of ${String(message)}`));
      });
      sockets.on("event", () => order.push("event"));
    });
    const event = clientFrame(`{"event":"event"}`);
    const frames = [upgradeText("/"), clientFrame("1"), event, clientFrame("2")]; // in one segment
    new RawClient(port).write(Buffer.concat(frames.map((frame) => Buffer.from(frame))));
    await until(() => order.includes("promises of 2"));
    assert.deepEqual(order, ["message 1", "event", "message 2", "promises of 1", "promises of 2"]);
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

  test("W8: each onClose has its turn, whatever becomes of those before it", async (t) => {
    const order: string[] = [];
    const { client, sockets, log } = await site(t, (sockets) => {
      sockets.onClose((ws) => ws.send("nobody is there any more"));
      sockets.onClose(() => order.push("first"));
      sockets.onClose(() => {
        throw new Error("one");
      });
      sockets.onClose(() => order.push("second"));
      sockets.onClose(() => Promise.reject(new Error("two")));
      sockets.onClose(() => order.push("third"));
    });
    await client.close();
    await until(() => sockets.size === 0);
    assert.deepEqual(order, ["first", "second", "third"]);
    const [{ error } = { error: undefined }, ...others] = log.errors;
    assert.deepEqual(others, []);
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(error.errors.map(String), ["Error: one", "Error: two"]);
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
