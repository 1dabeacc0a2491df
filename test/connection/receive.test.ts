import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConcurrentReceiveError, ConnectionClosedError, InvalidJsonError, type Message } from "jackfield";
import { openSocket, serve } from "./open-socket.js";
import { turns, until } from "./turns.js";

describe("for await", { timeout: 20_000 }, () => {
  test("gives every message in order, text as strings and binary as bytes, and then ends", async (t) => {
    const { ws, client } = await openSocket(t);
    for (let each = 0; each < 500; each++) client.text(String(each));
    client.binary(Buffer.of(1, 2, 3));
    client.sendClose(1000);
    const messages: Message[] = [];
    for await (const message of ws) messages.push(message);
    assert.deepEqual(messages, [
      ...Array.from({ length: 500 }, (_, each) => String(each)),
      Buffer.of(1, 2, 3),
    ]);
  });

  for (const [ending, act] of [
    ["a close with 1000", "close"],
    ["a close with an error code", "4999"],
    ["a connection that breaks", "drop"],
    ["an invalid frame", "invalid"],
  ] as const) {
    test(`ends quietly after ${ending}, and the code after the loop runs`, async (t) => {
      let ended: (() => void) | undefined;
      const after = new Promise<void>((resolve) => {
        ended = resolve;
      });
      const server = await serve(t, async (ws) => {
        for await (const message of ws) assert.equal(message, "hello");
        ended?.();
      });
      const client = await server.connect();
      client.text("hello");
      if (act === "drop") client.drop();
      else if (act === "invalid") client.write(Buffer.of(0xff, 0xff));
      else client.sendClose(act === "close" ? 1000 : 4999);
      await after;
      assert.deepEqual(server.logged, []);
    });
  }

  test("goes on where another loop was left, without losing or closing anything", async (t) => {
    const { ws, client } = await openSocket(t);
    for (const text of ["one", "two", "three"]) client.text(text);
    for await (const message of ws) {
      assert.equal(message, "one");
      break;
    }
    assert.equal(ws.connected, true);
    assert.equal(await ws.receive(), "two");
    for await (const message of ws) {
      assert.equal(message, "three");
      break;
    }
  });

  test("fails if another receive is waiting", async (t) => {
    const { ws, client } = await openSocket(t);
    const waiting = ws.receive();
    await assert.rejects(async () => {
      for await (const message of ws) assert.fail(`got ${String(message)}`);
    }, ConcurrentReceiveError);
    client.text("for the first");
    assert.equal(await waiting, "for the first");
  });

  test("gives what came between the 101 and the loop, and what came with the request", async (t) => {
    const { frameOf } = await import("../node/raw-client.js");
    const early = Buffer.concat([frameOf(1, "one"), frameOf(1, "two")]);
    const { ws, client } = await openSocket(t, { client: { early } });
    client.text("three");
    client.sendClose(1000);
    await ws.whenClosed;
    const messages: Message[] = [];
    for await (const message of ws) messages.push(message);
    assert.deepEqual(messages, ["one", "two", "three"]);
  });
});

describe("receive", { timeout: 20_000 }, () => {
  test("gives the next message, whether it is here or is to come", async (t) => {
    const { ws, client } = await openSocket(t);
    client.text("one");
    assert.equal(await ws.receive(), "one");
    const next = ws.receive();
    client.binary(Buffer.of());
    assert.deepEqual(await next, Buffer.of());
  });

  test("with a timeout gives undefined when none came, and loses none that comes later", async (t) => {
    const { ws, client } = await openSocket(t);
    assert.equal(await ws.receive({ timeout: 5 }), undefined);
    assert.equal(await ws.receive({ timeout: 0 }), undefined);
    client.text("late");
    assert.equal(await ws.receive(), "late");
  });

  test("with a timeout gives a message that is here, even if the timeout is 0", async (t) => {
    const { ws, client } = await openSocket(t);
    client.text("here");
    client.text("too");
    await ws.ping();
    assert.equal(await ws.receive({ timeout: 10_000 }), "here");
    assert.equal(await ws.receive({ timeout: 0 }), "too");
  });

  test("a message after a timeout is not given to the one that gave up", async (t) => {
    const { ws, client } = await openSocket(t);
    const gaveUp = await ws.receive({ timeout: 1 });
    client.text("kept");
    await turns(5);
    assert.equal(gaveUp, undefined);
    assert.equal(await ws.receive(), "kept");
  });

  for (const timeout of [2 ** 31, Infinity]) {
    test(`with a timeout of ${timeout} ms does not give up at once`, async (t) => {
      const { ws, client } = await openSocket(t);
      const waiting = ws.receive({ timeout });
      assert.equal(await Promise.race([waiting, ws.ping().then(() => "waits")]), "waits");
      client.text("in time");
      assert.equal(await waiting, "in time");
    });
  }

  test("with a signal rejects with its reason, and loses no message", async (t) => {
    const { ws, client } = await openSocket(t);
    const abort = new AbortController();
    const waiting = ws.receive({ signal: abort.signal });
    const reason = new Error("no longer wanted");
    abort.abort(reason);
    await assert.rejects(waiting, reason);
    client.text("kept");
    assert.equal(await ws.receive(), "kept");
  });

  test("with a signal that was aborted before rejects, and leaves the message that is here", async (t) => {
    const { ws, client } = await openSocket(t);
    client.text("kept");
    await ws.ping();
    await assert.rejects(ws.receive({ signal: AbortSignal.abort() }), { name: "AbortError" });
    assert.equal(ws.receiveNow(), "kept");
  });

  test("lets go of the signal when a message came", async (t) => {
    const { ws, client } = await openSocket(t);
    const abort = new AbortController();
    const waiting = ws.receive({ signal: abort.signal, timeout: 10_000 });
    client.text("one");
    assert.equal(await waiting, "one");
    const next = ws.receive();
    abort.abort();
    client.text("two");
    assert.equal(await next, "two");
  });

  test("hostile 60: a second receive at the same time fails with ERR_CONCURRENT_RECEIVE, the first gets the message", async (t) => {
    const { ws, client, server } = await openSocket(t);
    const first = ws.receive();
    await assert.rejects(ws.receive(), { code: "ERR_CONCURRENT_RECEIVE" });
    await assert.rejects(ws.receive({ timeout: 1 }), ConcurrentReceiveError);
    client.text("for the first");
    assert.equal(await first, "for the first");
    assert.equal(server.logged.length, 2);
  });

  test("after the close gives what is in the inbox, and only then throws ConnectionClosedError", async (t) => {
    const { ws, client } = await openSocket(t);
    client.text("one");
    client.text("two");
    client.sendClose(4000, "enough");
    const close = await ws.whenClosed;
    assert.equal(await ws.receive(), "one");
    assert.equal(await ws.receive({ timeout: 1 }), "two");
    await assert.rejects(ws.receive(), (error: unknown) => {
      assert.ok(error instanceof ConnectionClosedError);
      assert.equal(error.code, "ERR_CONNECTION_CLOSED");
      assert.deepEqual(error.close, close);
      return true;
    });
    await assert.rejects(ws.receive({ timeout: 1 }), ConnectionClosedError);
  });

  test("that waits when the connection ends throws ConnectionClosedError, with a timeout too", async (t) => {
    for (const options of [{}, { timeout: 10_000 }]) {
      const { ws, client } = await openSocket(t);
      const waiting = ws.receive(options);
      client.drop();
      await assert.rejects(waiting, ConnectionClosedError);
    }
  });

  test("that nobody looks at is no unhandled rejection", async (t) => {
    const { ws, client } = await openSocket(t);
    void ws.receive();
    void ws.receive();
    void ws.receiveJson();
    client.drop();
    await ws.whenClosed;
    void ws.receive();
    void ws.receive({ signal: AbortSignal.abort() });
    void ws.receiveJson();
    // An unhandled rejection is told at the end of the turn, and fails the test.
    await turns(5);
  });
});

describe("receiveNow", { timeout: 20_000 }, () => {
  test("gives what is here, without waiting, and undefined if nothing is", async (t) => {
    const { ws, client } = await openSocket(t);
    assert.equal(ws.receiveNow(), undefined);
    client.text("one");
    client.text("");
    await ws.ping();
    assert.deepEqual([ws.receiveNow(), ws.receiveNow(), ws.receiveNow()], ["one", "", undefined]);
  });

  test("gives what is left after the close", async (t) => {
    const { ws, client } = await openSocket(t);
    client.text("left");
    client.sendClose();
    await ws.whenClosed;
    assert.deepEqual([ws.receiveNow(), ws.receiveNow()], ["left", undefined]);
  });
});

describe("receiveJson", { timeout: 20_000 }, () => {
  test("reads text and binary as JSON", async (t) => {
    const { ws, client } = await openSocket(t);
    client.text('{"a":[1,null,"ü"]}');
    client.binary(Buffer.from('"ü"'));
    assert.deepEqual(await ws.receiveJson(), { a: [1, null, "ü"] });
    assert.equal(await ws.receiveJson(), "ü");
    assert.equal(await ws.receiveJson({ timeout: 1 }), undefined);
  });

  test("throws InvalidJsonError for anything else, and goes on with the next", async (t) => {
    const { ws, client } = await openSocket(t);
    for (const text of ["{", "", "undefined", "42"]) client.text(text);
    for (let each = 0; each < 3; each++) await assert.rejects(ws.receiveJson(), InvalidJsonError);
    assert.equal(await ws.receiveJson(), 42);
  });

  test("hostile 9: __proto__ in JSON pollutes nothing", async (t) => {
    const { ws, client } = await openSocket(t);
    client.text('{"__proto__":{"polluted":true}}');
    await ws.receiveJson();
    assert.equal("polluted" in {}, false);
  });
});

describe("an inbox that is full", { timeout: 20_000 }, () => {
  const count = 5_000;
  const message = "x".repeat(2_000);

  for (const [what, tls, watched] of [
    ["plain TCP", false, false],
    ["a watched socket", false, true],
    ["TLS", true, false],
  ] as const) {
    test(`stops the peer over ${what}, and loses nothing once it is read`, async (t) => {
      const { ws, client } = await openSocket(t, {
        tls,
        ...(watched && {
          prepare: (server) => void server.on("connection", (s) => s.on("data", () => undefined)),
        }),
      });
      for (let each = 0; each < count; each++) client.text(`${each} ${message}`);
      const socket = ws.request.socket;
      await until(() => socket.isPaused());
      await turns(20);
      // The TCP window closes: far from all of the 10 MB has come.
      assert.ok(socket.bytesRead < (count * message.length) / 2, `read ${socket.bytesRead} bytes`);
      for (let each = 0; each < count; each++) assert.equal(await ws.receive(), `${each} ${message}`);
      assert.equal(socket.isPaused(), false);
    });
  }

  test("stops the peer at 257 messages and lets it go on at 64", async (t) => {
    const { ws, client } = await openSocket(t);
    for (let each = 0; each < 1_000; each++) client.text(String(each));
    const socket = ws.request.socket;
    await until(() => socket.isPaused());
    for (let each = 0; each < 192; each++) assert.equal(ws.receiveNow(), String(each));
    assert.equal(socket.isPaused(), true);
    let taken = 192;
    for (; taken < 1_000; taken++) assert.equal(await ws.receive(), String(taken));
    assert.equal(socket.isPaused(), false);
  });

  test("a close frame behind more than the inbox holds is seen once that is read", async (t) => {
    const { ws, client } = await openSocket(t, { inbox: { maxMessages: 4 } });
    for (let each = 0; each < 100; each++) client.text(String(each));
    client.sendClose(4001);
    let taken = 0;
    for await (const text of ws) assert.equal(text, String(taken++));
    assert.equal(taken, 100);
    assert.equal((await ws.whenClosed).code, 4001);
  });

  test("the app's close gets its answer although the inbox is full, and what was in the inbox stays", async (t) => {
    const { ws, client } = await openSocket(t, { inbox: { maxMessages: 4 } });
    for (let each = 0; each < 100; each++) client.text(String(each));
    await until(() => ws.request.socket.isPaused());
    assert.deepEqual(await ws.close(4002), { code: 4002, reason: "", by: "application", clean: true });
    assert.equal(await ws.receive(), "0");
    await client.gone();
  });
});
