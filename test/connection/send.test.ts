import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectionClosedError, InvalidFrameError, InvalidMessageError, Opcode } from "jackfield";
import { fillUp, openSocket } from "./open-socket.js";
import { turns, until } from "./turns.js";

type State = "waits" | "done" | "failed";

/** Looks at what became of a promise. */
async function stateOf(promise: Promise<unknown>): Promise<State> {
  const states = [
    promise.then(
      () => "done" as const,
      () => "failed" as const,
    ),
    turns().then(() => "waits" as const),
  ];
  return Promise.race(states);
}

describe("send", { timeout: 20_000 }, () => {
  test("sends text for a string, binary for bytes", async (t) => {
    const { ws, client } = await openSocket(t);
    void ws.send("text");
    void ws.send("");
    void ws.send(Buffer.of(1));
    void ws.send(new Uint8Array([2, 3]).subarray(1));
    void ws.send(new Uint8Array([4]).buffer);
    void ws.send("lone \ud800 surrogate");
    assert.deepEqual(await client.next(), ["text", "text"]);
    assert.deepEqual(await client.next(), ["text", ""]);
    for (const byte of [1, 3, 4]) assert.deepEqual(await client.next(), ["binary", Buffer.of(byte)]);
    assert.deepEqual(await client.next(), ["text", "lone \ufffd surrogate"]);
  });

  test("copies bytes before it returns", async (t) => {
    const { ws, client } = await openSocket(t);
    const bytes = Buffer.from("before");
    void ws.send(bytes);
    bytes.fill("z");
    assert.deepEqual(await client.next(), ["binary", Buffer.from("before")]);
  });

  test("settles at once below the high-water mark", async (t) => {
    const { ws } = await openSocket(t);
    assert.equal(await stateOf(ws.send("x".repeat(65_000))), "done");
  });

  for (const tls of [false, true]) {
    test(`waits above the high-water mark until the peer has caught up${tls ? ", over TLS" : ""}`, async (t) => {
      const opened = await openSocket(t, { tls });
      const { ws, client } = opened;
      const sent = await fillUp(opened, 2_000_000);
      const waiting = ws.send("one more");
      await turns(10);
      assert.equal(await stateOf(waiting), "waits");
      client.goOnReading();
      await waiting;
      assert.equal(ws.bufferedAmount, 0);
      for (let each = 0; each < sent; each++) assert.equal((await client.next())[0], "binary");
      assert.deepEqual(await client.next(), ["text", "one more"]);
    });
  }

  for (const highWaterMark of [0, 1, 100_000]) {
    test(`settles with a high-water mark of ${highWaterMark}, whatever the size of the message`, async (t) => {
      const { ws } = await openSocket(t, { highWaterMark });
      for (const size of [0, 1, 100, 70_000, 262_134, 262_144, 300_000, 1_000_000]) {
        for (let each = 0; each < 3; each++) await ws.send(new Uint8Array(size));
      }
    });
  }

  test("that waits when the connection ends is rejected with ConnectionClosedError", async (t) => {
    const opened = await openSocket(t);
    await fillUp(opened, 1_000_000);
    const waiting = opened.ws.send("never");
    opened.client.reset();
    await assert.rejects(waiting, ConnectionClosedError);
  });

  test("hostile 60: after the close is rejected with ERR_CONNECTION_CLOSED, as all other sending is", async (t) => {
    const { ws, client } = await openSocket(t);
    client.sendClose(4000);
    const close = await ws.whenClosed;
    const sending = [ws.send("late"), ws.sendJson(1), ws.sendFrame(Opcode.text, "late"), ws.ping()];
    for (const each of sending) await assert.rejects(each, { code: "ERR_CONNECTION_CLOSED", close });
  });

  test("after close() is rejected too, though the peer has not answered yet", async (t) => {
    const { ws, client } = await openSocket(t);
    void ws.close(4000, "mine");
    await assert.rejects(ws.send("late"), ConnectionClosedError);
    assert.deepEqual(await client.next(), ["close", 4000, "mine"]);
  });

  test("that nobody awaits is never an unhandled rejection", async (t) => {
    const opened = await openSocket(t);
    const { ws, client } = opened;
    await fillUp(opened, 1_000_000);
    void ws.send("waiting");
    void ws.ping();
    void ws.send({} as never);
    void ws.sendJson(undefined);
    void ws.sendFrame(3, "");
    void ws.sendFrame(Opcode.text, "open", { fin: false });
    void ws.send("held");
    void ws.close(1);
    client.drop();
    await ws.whenClosed;
    void ws.send("late");
    void ws.sendJson({});
    void ws.ping();
    await turns(5); // at the end of a turn it would be told, and fail the test
  });

  test("rejects what is no message with ERR_INVALID_MESSAGE, sends nothing, and logs it", async (t) => {
    const { ws, client, server } = await openSocket(t);
    const wrong = [undefined, null, 1, {}, [], Symbol("s"), new DataView(new ArrayBuffer(1))];
    for (const data of wrong) await assert.rejects(ws.send(data as never), InvalidMessageError);
    assert.equal(server.logged.length, wrong.length);
    await ws.send("fine");
    assert.deepEqual(await client.next(), ["text", "fine"]);
  });

  test("hostile 60: many at once from all sides never mix, small and huge", async (t) => {
    const { ws, client } = await openSocket(t);
    const sizes = [1, 100_000, 5, 300_000, 4_090, 70_000];
    const senders = sizes.map(async (size, each) => {
      for (let round = 0; round < 10; round++) await ws.send(Buffer.alloc(size, each));
    });
    const counts = new Map<number, number>();
    for (let each = 0; each < sizes.length * 10; each++) {
      const [, bytes] = await client.nextOf("binary");
      const sender = bytes[0]!;
      assert.equal(bytes.length, sizes[sender]);
      assert.ok(bytes.equals(Buffer.alloc(bytes.length, sender)));
      counts.set(sender, (counts.get(sender) ?? 0) + 1);
    }
    assert.deepEqual(
      [...counts.values()],
      sizes.map(() => 10),
    );
    await Promise.all(senders);
  });

  test("hostile 51: a peer that is too slow is closed with 1013, and little more than the limit is kept", async (t) => {
    const opened = await openSocket(t, { maxBufferedAmount: 1_000_000 });
    const { ws, client } = opened;
    await fillUp(opened, Infinity, 100_000);
    assert.deepEqual(ws.closeInfo, {
      code: 1013,
      reason: "the peer reads too slowly",
      by: "library",
      clean: false,
    });
    assert.ok(ws.bufferedAmount < 1_200_000, `${ws.bufferedAmount} bytes are kept`);
    await assert.rejects(ws.send("late"), ConnectionClosedError);
    client.goOnReading();
    assert.deepEqual(await client.closed(), [1013, "the peer reads too slowly"]);
  });
});

describe("sendJson", { timeout: 20_000 }, () => {
  test("sends a value as JSON text", async (t) => {
    const { ws, client } = await openSocket(t);
    await ws.sendJson({ a: [1, null, "ü"] });
    await ws.sendJson(null);
    assert.deepEqual(await client.next(), ["text", '{"a":[1,null,"ü"]}']);
    assert.deepEqual(await client.next(), ["text", "null"]);
  });

  test("rejects what JSON has no words for, and never throws at once", async (t) => {
    const { ws } = await openSocket(t);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    await assert.rejects(ws.sendJson(undefined), InvalidMessageError);
    await assert.rejects(
      ws.sendJson(() => 1),
      InvalidMessageError,
    );
    for (const value of [circle, 1n]) {
      const sending = ws.sendJson(value);
      await assert.rejects(sending, TypeError);
    }
  });
});

describe("sendFrame", { timeout: 20_000 }, () => {
  test("sends fragments, and other messages wait until the last one was sent", async (t) => {
    const { ws, client } = await openSocket(t);
    await ws.sendFrame(Opcode.text, "a", { fin: false });
    const held = [ws.send("held 1"), ws.send(Buffer.from("held 2")), ws.sendJson("held 3")];
    await ws.sendFrame(Opcode.continuation, "b", { fin: false });
    await ws.ping();
    for (const each of held) assert.equal(await stateOf(each), "waits");
    assert.deepEqual(
      client.notes.filter(([kind]) => kind !== "ping"),
      [],
    );
    await ws.sendFrame(Opcode.continuation, "c");
    await Promise.all(held);
    assert.deepEqual(await client.nextOf("text"), ["text", "abc"]);
    assert.deepEqual(await client.next(), ["text", "held 1"]);
    assert.deepEqual(await client.next(), ["binary", Buffer.from("held 2")]);
    assert.deepEqual(await client.next(), ["text", '"held 3"']);
  });

  test("a message that waits is copied, be it a Uint8Array or a Buffer", async (t) => {
    const { ws, client } = await openSocket(t);
    void ws.sendFrame(Opcode.binary, Buffer.of(0), { fin: false });
    const messages = [Buffer.from("buffer"), new Uint8Array([1, 2, 3])];
    for (const message of messages) {
      void ws.send(message);
      message.fill(0);
    }
    void ws.sendFrame(Opcode.continuation, "");
    assert.deepEqual(await client.next(), ["binary", Buffer.of(0)]);
    assert.deepEqual(await client.next(), ["binary", Buffer.from("buffer")]);
    assert.deepEqual(await client.next(), ["binary", Buffer.of(1, 2, 3)]);
  });

  test("a message that waits when the connection ends is rejected", async (t) => {
    const { ws, client } = await openSocket(t);
    void ws.sendFrame(Opcode.text, "", { fin: false });
    const held = ws.send("held");
    client.drop();
    await assert.rejects(held, ConnectionClosedError);
  });

  test("control frames go between the fragments", async (t) => {
    const { ws, client } = await openSocket(t, { client: { answersPings: false } });
    void ws.sendFrame(Opcode.text, "a", { fin: false });
    void ws.sendFrame(Opcode.ping, "p");
    void ws.sendFrame(Opcode.pong, Buffer.from("q"));
    void ws.sendFrame(Opcode.continuation, "b");
    assert.deepEqual(await client.next(), ["ping", Buffer.from("p")]);
    assert.deepEqual(await client.next(), ["pong", Buffer.from("q")]);
    assert.deepEqual(await client.next(), ["text", "ab"]);
  });

  test("rejects a frame that would break the protocol, and sends nothing", async (t) => {
    const { ws, client } = await openSocket(t);
    const wrong: [number, string | Uint8Array, boolean][] = [
      [Opcode.continuation, "nothing to continue", true],
      [Opcode.close, "", true],
      [3, "", true],
      [11, "", true],
      [16, "", true],
      [-1, "", true],
      [1.5, "", true],
      [Opcode.ping, "x".repeat(126), true],
      [Opcode.ping, "", false],
      [Opcode.text, 1 as never, true],
    ];
    for (const [opcode, payload, fin] of wrong) {
      await assert.rejects(ws.sendFrame(opcode, payload, { fin }), InvalidFrameError, `opcode ${opcode}`);
    }
    void ws.sendFrame(Opcode.text, "a", { fin: false });
    await assert.rejects(ws.sendFrame(Opcode.binary, "b"), InvalidFrameError);
    void ws.sendFrame(Opcode.continuation, "c");
    assert.deepEqual(await client.next(), ["text", "ac"]);
  });
});

describe("ping", { timeout: 20_000 }, () => {
  test("resolves to the round-trip time, each of several at once to its own", async (t) => {
    const { ws } = await openSocket(t);
    const times = await Promise.all([ws.ping(), ws.ping(), ws.ping()]);
    for (const time of times) assert.ok(time > 0 && time < 20_000, `${time} ms`);
  });

  test("is answered by a later pong, as a peer may skip some, but by no pong that nobody asked for", async (t) => {
    const { ws, client } = await openSocket(t, { client: { answersPings: false } });
    client.frame(Opcode.pong, "unsolicited");
    client.frame(Opcode.pong);
    const pings = [ws.ping(), ws.ping(), ws.ping()];
    const payloads: Buffer[] = [];
    for (const _ of pings) payloads.push((await client.nextOf("ping"))[1]);
    client.frame(Opcode.pong, payloads[1]);
    await Promise.all(pings.slice(0, 2));
    assert.equal(await stateOf(pings[2]!), "waits");
    client.frame(Opcode.pong, payloads[2]);
    await pings[2];
  });

  test("is rejected when the connection ends first", async (t) => {
    const { ws, client } = await openSocket(t, { client: { answersPings: false } });
    const ping = ws.ping();
    await client.nextOf("ping");
    client.drop();
    await assert.rejects(ping, ConnectionClosedError);
  });

  test("hostile 52: pings without reading the pongs are cut at 60", async (t) => {
    const opened = await openSocket(t);
    const { ws, client } = opened;
    await fillUp(opened, 1_000_000);
    for (let each = 0; each < 60; each++) client.frame(Opcode.ping, "p");
    client.text("still here");
    assert.equal(await ws.receive(), "still here");
    client.frame(Opcode.ping, "one too many");
    assert.equal((await ws.whenClosed).code, 1008);
    client.goOnReading();
    assert.equal((await client.closed())[0], 1008);
  });

  for (const tls of [false, true]) {
    test(`10,000 pings at once are all answered if the pongs are read${tls ? ", over TLS" : ""}`, async (t) => {
      const { frameOf } = await import("../node/raw-client.js");
      const { client } = await openSocket(t, { tls });
      client.write(Buffer.concat(Array.from({ length: 10_000 }, () => frameOf(Opcode.ping, "p"))));
      await until(() => client.notes.length >= 10_000);
      assert.ok(client.notes.every(([kind]) => kind === "pong"));
    });
  }
});
