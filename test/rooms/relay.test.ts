import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryBroker, Sockets, type Broker, type BrokerLink, type BrokerListener } from "jackfield";
import { Log, bounded, until } from "../frameworks/clients.js";
import { Listener } from "./listener.js";
import { Site, messagesUntil } from "./site.js";

const gone = (): Promise<never> => Promise.reject(new Error("the broker is gone"));

describe("the broker", () => {
  test("is left by close, and what is sent then is refused", bounded, async (t) => {
    const broker = new MemoryBroker();
    const [here, there] = [await Site.start(t, { broker }), await Site.start(t, { broker })];
    const { client } = await there.open("one");
    await here.sockets.close({ grace: 100 });
    void here.sockets.broadcast("late");
    await assert.rejects(here.sockets.broadcast("late"), { code: "ERR_BROKER" });
    await assert.rejects(here.sockets.room("lobby").send("late"), { code: "ERR_BROKER" });
    await assert.rejects(here.route.send("late"), { code: "ERR_BROKER" });
    await assert.rejects(here.sockets.of("ann").close(), { code: "ERR_BROKER" });
    await there.sockets.broadcast("last");
    assert.deepEqual(await messagesUntil(client, "last"), []);
  });

  test(
    "hostile 62: that takes nothing is told by the promise, and by no unhandled rejection",
    bounded,
    async (t) => {
      const broker: Broker = {
        connect: () => ({ publish: gone, subscribe: gone, unsubscribe: gone, close: async () => undefined }),
      };
      const site = await Site.start(t, { broker });
      const { ws, client } = await site.open("one");
      void ws.join("lobby");
      await assert.rejects(ws.join("lobby"), /the broker is gone/);
      void site.sockets.room("lobby").send("here");
      await assert.rejects(site.sockets.room("lobby").send("and here"), /the broker is gone/);
      ws.leave("lobby");
      assert.deepEqual([await client.next(), await client.next()], ["here", "and here"]);
      await new Promise(setImmediate); // at the end of a turn it would be told, and fail the test
    },
  );

  test("that is none is refused as an option", () => {
    for (const broker of [null, {}, "redis://", { connect: 1 }]) {
      assert.throws(() => new Sockets(undefined, { broker: broker as never, logger: new Log() }), {
        code: "ERR_INVALID_OPTION",
        message: /^option broker: expected an object with the method connect, but got /,
      });
    }
  });

  test("hostile 68: may carry what is not ours: it is dropped and counted", bounded, async (t) => {
    const broker = new MemoryBroker();
    const site = await Site.start(t, { broker });
    const [one] = await site.openIn("lobby", "one");
    assert.ok(one);
    const { link } = new Listener(t, broker);
    const { relay } = site.sockets.openSockets;
    const foreign = [
      "",
      "hello",
      "JF01",
      "JF01\0\0\0\x05{}",
      "JF02\0\0\0\x02{}",
      'JF01\0\0\0\x07{"a":1}x',
    ].map((payload) => Buffer.from(payload, "latin1"));
    for (const channel of ["all", "room:lobby", "route:/:name", "revocations"])
      for (const payload of foreign) await link.publish(channel, payload);
    await until(() => relay.foreign === 4 * foreign.length);
    await site.sockets.broadcast("last");
    assert.deepEqual(await messagesUntil(one.client, "last"), []);
    assert.ok(one.ws.connected);
  });

  test("may bring back what was published: it is not done twice", bounded, async (t) => {
    const echoing: Broker = {
      connect: (listener) => ({
        publish: async (channel, payload) =>
          void setImmediate(() => listener.received(channel, new Uint8Array(payload))),
        subscribe: async () => undefined,
        unsubscribe: async () => undefined,
        close: async () => undefined,
      }),
    };
    const site = await Site.start(t, { broker: echoing });
    const [one] = await site.openIn("lobby", "one");
    assert.ok(one);
    await site.sockets.room("lobby").send("once");
    await new Promise(setImmediate);
    await one.ws.send("last");
    assert.deepEqual(await messagesUntil(one.client, "last"), ["once"]);
    assert.equal(site.sockets.openSockets.relay.foreign, 0);
  });
});

const done = async (): Promise<void> => undefined;

/** A broker that tells of a gap when it is told to. */
class CutBroker implements Broker {
  cut: () => void = () => undefined;

  connect(listener: BrokerListener): BrokerLink {
    this.cut = () => listener.gap();
    return { publish: done, subscribe: done, unsubscribe: done, close: done };
  }
}

describe("hostile 66: a gap of the broker", () => {
  test("is told to the application, each time", async (t) => {
    const broker = new CutBroker();
    const onGap = t.mock.fn();
    await Site.start(t, { broker, onGap });
    broker.cut();
    broker.cut();
    assert.equal(onGap.mock.callCount(), 2);
  });

  test("does no harm without a hook, and a fault in the hook is logged", async (t) => {
    const brokers = [new CutBroker(), new CutBroker(), new CutBroker()];
    const fault = new Error("hook failed");
    const hooks = [
      undefined,
      () => {
        throw fault;
      },
      () => Promise.reject(fault),
    ];
    for (const [at, broker] of brokers.entries()) {
      const { log } = await Site.start(t, { broker, ...(hooks[at] && { onGap: hooks[at] }) });
      broker.cut();
      await new Promise(setImmediate);
      const expected = at === 0 ? [] : [{ message: "jackfield: onGap failed", error: fault }];
      assert.deepEqual(log.errors, expected);
    }
  });

  test("is told to functions only", () => {
    for (const onGap of [null, true, "tell"])
      assert.throws(() => new Sockets(undefined, { onGap: onGap as never }), {
        code: "ERR_INVALID_OPTION",
        message: /^option onGap: expected a function, but got /,
      });
  });
});

describe("hostile 68: a broker's maxPayload", () => {
  test("refuses what is larger, here and from elsewhere, where it is counted", bounded, async (t) => {
    const medium = new MemoryBroker();
    const small: Broker = { maxPayload: 1_000, connect: (listener) => medium.connect(listener) };
    const [here, there] = [await Site.start(t, { broker: medium }), await Site.start(t, { broker: small })];
    const { client } = await there.open("one");
    await here.sockets.broadcast("x".repeat(1_000));
    await here.sockets.broadcast("fits");
    assert.deepEqual(await messagesUntil(client, "fits"), []);
    assert.equal(there.sockets.openSockets.relay.foreign, 1);
    await assert.rejects(there.sockets.broadcast("y".repeat(1_000)), {
      code: "ERR_BROKER",
      message:
        /^expected a message that takes at most 1000 bytes .* but got one that takes 1\d\d\d; send less/,
    });
    void there.sockets.broadcast("z".repeat(1_000)); // nor is it an unhandled rejection
  });
});
