import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Opcode, Sockets, type Message } from "jackfield";
import { RateMeter } from "#src/connection/rate-limit.js";
import { bounded } from "../frameworks/clients.js";
import { frameOf } from "../node/raw-client.js";
import { openSocket, serve } from "./open-socket.js";
import { until } from "./turns.js";

/** So slow that nothing is earned while a test runs. */
const HOUR = 3_600_000;

/** How many messages are within the limit at some time. */
function taken(meter: RateMeter, now: number, most = 100): number {
  for (let count = 0; count < most; count++) if (!meter.take(now)) return count;
  return most;
}

describe("the meter of a rate", () => {
  const limit = { messages: 10, per: 1_000 };

  test("lets so many messages pass at once, and each further one when its share of the period is over", () => {
    const meter = new RateMeter(limit, 0);
    assert.equal(taken(meter, 0), 10);
    assert.equal(taken(meter, 99), 0);
    assert.equal(taken(meter, 100), 1);
    assert.equal(taken(meter, 450), 3);
    assert.equal(taken(meter, 500), 1);
  });

  test("saves nothing up above its brim", () => {
    const meter = new RateMeter(limit, 0);
    assert.equal(taken(meter, HOUR), 10);
  });

  test("lets who keeps to the rate send for ever", () => {
    const meter = new RateMeter(limit, 0);
    for (let now = 0; now < HOUR; now += 100) assert.ok(meter.take(now));
  });

  test("counts a time that is credited in full, once", () => {
    const meter = new RateMeter(limit, 0);
    assert.equal(taken(meter, 0), 10);
    meter.credit(5_000);
    assert.equal(taken(meter, 5_000), 50);
    assert.equal(taken(meter, 60_000), 10);
  });
});

describe("hostile 53: messages faster than the rate limit", () => {
  test("end the connection with 1008; those before are received", bounded, async (t) => {
    const { ws, client, server } = await openSocket(t, { rateLimit: { messages: 5, per: HOUR } });
    for (let each = 0; each < 20; each++) client.text(String(each));
    const reason = "more than 5 messages within 3600000 ms";
    assert.deepEqual(await client.closed(), [1008, reason]);
    assert.deepEqual(await ws.whenClosed, { code: 1008, reason, by: "library", clean: false });
    for (let each = 0; each < 5; each++) assert.equal(await ws.receive(), String(each));
    assert.equal(ws.receiveNow(), undefined);
    await until(() => server.sockets.size === 0);
    assert.deepEqual(server.logged, []);
  });

  test("are counted whole, not by fragment, and pings are not", bounded, async (t) => {
    const { ws, client } = await openSocket(t, { rateLimit: { messages: 2, per: HOUR } });
    client.frame(Opcode.text, "a", false);
    for (let each = 0; each < 50; each++) client.frame(Opcode.continuation, "b", false);
    for (let each = 0; each < 50; each++) client.frame(Opcode.ping, "ping");
    client.frame(Opcode.continuation, "c");
    client.binary(Buffer.of(1));
    assert.equal(await ws.receive(), `a${"b".repeat(50)}c`);
    assert.deepEqual(await ws.receive(), Buffer.of(1));
    client.text("one too many");
    assert.equal((await ws.whenClosed).code, 1008);
  });

  test("are counted for each client of its own", bounded, async (t) => {
    const { ws, client, server } = await openSocket(t, { rateLimit: { messages: 2, per: HOUR } });
    const other = await server.connect();
    for (let each = 0; each < 3; each++) other.text("flood");
    assert.equal((await other.closed())[0], 1008);
    for (const text of ["one", "two"]) {
      client.text(text);
      assert.equal(await ws.receive(), text);
    }
    assert.equal(ws.connected, true);
  });

  test("are no fault of a client that we did not read from meanwhile", bounded, async (t) => {
    const received: Message[] = [];
    const { ws, client } = await openSocket(t, {
      rateLimit: { messages: 10, per: 200 },
      inbox: { maxMessages: 4 },
    });
    const sent = Array.from({ length: 30 }, (_, number) => String(number));
    const begin = performance.now();
    client.write(Buffer.concat(sent.map((text) => frameOf(Opcode.text, text))));
    // It is paused after five; the rest would have taken so long at the rate that is allowed.
    await until(() => performance.now() - begin > 30 * 20);
    for (const _ of sent) received.push(await ws.receive());
    assert.deepEqual(received, sent);
    assert.equal(ws.connected, true);
  });

  test("of a route with a limit of its own, or none", bounded, async (t) => {
    const server = await serve(
      t,
      { message: (ws, message) => void ws.send(message) },
      { rateLimit: { messages: 1 } },
    );
    server.sockets.route(
      "/free/route",
      { message: (ws, message) => void ws.send(message) },
      { rateLimit: { messages: Infinity } },
    );
    const free = await server.connect({ path: "/free/route" });
    for (let each = 0; each < 1_000; each++) free.text("x");
    await until(() => free.notes.length === 1_000);
    assert.ok(free.notes.every(([kind]) => kind === "text"));
    const limited = await server.connect();
    limited.text("x");
    limited.text("x");
    assert.deepEqual(await limited.closed(), [1008, "more than 1 messages within 1000 ms"]);
  });
});

test("a rate limit that is none is refused", () => {
  for (const rateLimit of [
    5,
    null,
    {},
    { messages: 0 },
    { messages: "5" },
    { messages: 1, per: 0 },
    { messages: 1, burst: 2 },
  ])
    assert.throws(() => new Sockets(undefined, { rateLimit: rateLimit as never }), {
      code: "ERR_INVALID_OPTION",
      message: /rateLimit.*messages and perhaps per/,
    });
});
