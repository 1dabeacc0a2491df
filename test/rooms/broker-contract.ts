/**
 * What every broker promises (`src/rooms/broker.ts`), as a suite that each is run through. Nothing in it knows how a
 * broker carries its payloads, nor whether its links are in one process.
 */

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import * as fc from "fast-check";
import type { Broker } from "jackfield";
import { bounded, deferred } from "../frameworks/clients.js";
import { Listener } from "./listener.js";

const mebibyte = 2 ** 20;

/** Gives so many brokers, each as another process would have it, of one medium that nobody else uses. */
export type MakeBrokers = (t: TestContext, count: number) => Promise<readonly Broker[]> | readonly Broker[];

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Channels whose characters mean something in Redis, NATS, file systems or JavaScript. */
const CHANNELS = [
  "plain",
  "with spaces  and\ttabs",
  "line\r\nbreaks",
  "*",
  ">",
  "a.*",
  "a.>",
  "a.b",
  "[ab]?",
  "$SYS",
  "100%",
  "100%25",
  "/../%00",
  "世界 🌍",
  "\u0000",
  "__proto__",
  "constructor",
  "room:",
  "x".repeat(300),
];

/** Runs a broker through all that a broker promises. */
export function brokerContract(name: string, makeBrokers: MakeBrokers): void {
  const listeners = async (t: TestContext, count: number): Promise<[Listener, Listener, ...Listener[]]> =>
    (await makeBrokers(t, count)).map((broker) => new Listener(t, broker)) as never;

  describe(`a broker: ${name}`, () => {
    delivery(listeners);
    payloads(listeners);
    subscriptions(listeners);
    ends(listeners);
  });
}

type MakeListeners = (t: TestContext, count: number) => Promise<[Listener, Listener, ...Listener[]]>;

function delivery(listeners: MakeListeners): void {
  test("carries what is published to all that have subscribed, once", bounded, async (t) => {
    const [publisher, ...others] = await listeners(t, 4);
    for (const { link } of others) await link.subscribe("news");
    for (const text of ["one", "two", "last"]) await publisher.link.publish("news", bytes(text));
    for (const other of others) {
      await other.until("last");
      assert.deepEqual(other.texts, ["one", "two", "last"]);
      assert.ok(other.arrivals.every(({ channel }) => channel === "news"));
    }
    assert.deepEqual(publisher.arrivals, []);
  });

  test("carries to one that has subscribed twice, once", bounded, async (t) => {
    const [publisher, other] = await listeners(t, 2);
    await Promise.all([other.link.subscribe("news"), other.link.subscribe("news")]);
    for (const text of ["one", "last"]) await publisher.link.publish("news", bytes(text));
    await other.until("last");
    assert.deepEqual(other.texts, ["one", "last"]);
  });

  test("keeps the order of what one link publishes on a channel, awaited or not", bounded, async (t) => {
    const [publisher, rival, reader] = await listeners(t, 3);
    assert.ok(reader);
    await reader.link.subscribe("news");
    const numbers = Array.from({ length: 500 }, (_, at) => at);
    const publish = async ({ link }: Listener, by: string): Promise<void> => {
      await Promise.all(numbers.map((at) => link.publish("news", bytes(`${by} ${at}`))));
    };
    await Promise.all([publish(publisher, "a"), publish(rival, "b")]);
    await publisher.link.publish("news", bytes("last of a"));
    await rival.link.publish("news", bytes("last of b"));
    for (const by of ["a", "b"]) {
      await reader.until(`last of ${by}`);
      assert.deepEqual(
        reader.texts.filter((text) => text.startsWith(`${by} `)),
        numbers.map((at) => `${by} ${at}`),
      );
    }
  });

  test("carries nothing of other channels", bounded, async (t) => {
    const [publisher, one, two] = await listeners(t, 3);
    assert.ok(two);
    await one.link.subscribe("one");
    await two.link.subscribe("two");
    for (const channel of ["one", "two", "three", "one "]) {
      await publisher.link.publish(channel, bytes(`on ${channel}`));
    }
    for (const channel of ["one", "two"]) await publisher.link.publish(channel, bytes("last"));
    await one.until("last");
    await two.until("last");
    assert.deepEqual(one.texts, ["on one", "last"]);
    assert.deepEqual(two.texts, ["on two", "last"]);
  });

  test("carries both ways", bounded, async (t) => {
    const [one, two] = await listeners(t, 2);
    for (const { link } of [one, two]) await link.subscribe("news");
    await one.link.publish("news", bytes("of one"));
    await two.link.publish("news", bytes("of two"));
    await one.until("of two");
    await two.until("of one");
  });
}

function payloads(listeners: MakeListeners): void {
  test("carries any bytes unchanged, from none to 1 MiB", bounded, async (t) => {
    const [publisher, reader] = await listeners(t, 2);
    await reader.link.subscribe("bytes");
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    const sent = [
      new Uint8Array(0),
      all,
      bytes("世界\r\n\0"),
      new Uint8Array(65_536).fill(0xff),
      Uint8Array.from({ length: mebibyte }, (_, at) => (at * 31) % 251),
    ];
    for (const payload of sent) await publisher.link.publish("bytes", payload);
    await publisher.link.publish("bytes", bytes("last"));
    await reader.until("last");
    assert.equal(reader.arrivals.length, sent.length + 1);
    for (const [at, payload] of sent.entries())
      assert.ok(Buffer.from(payload).equals(reader.arrivals[at]!.payload), `payload ${at}`);
  });

  test("carries any bytes unchanged (property)", bounded, async (t) => {
    const [publisher, reader] = await listeners(t, 2);
    await reader.link.subscribe("bytes");
    const sent = fc.sample(fc.uint8Array({ maxLength: 300 }), 100);
    for (const payload of sent) await publisher.link.publish("bytes", payload);
    await publisher.link.publish("bytes", bytes("the very last"));
    await reader.until("the very last");
    const received = reader.arrivals.slice(0, -1).map(({ payload }) => Buffer.from(payload));
    assert.deepEqual(
      received,
      sent.map((payload) => Buffer.from(payload)),
    );
  });

  test("gives the bytes back to the publisher with the promise", bounded, async (t) => {
    const [publisher, reader] = await listeners(t, 2);
    await reader.link.subscribe("bytes");
    const payload = bytes("before");
    await publisher.link.publish("bytes", payload);
    payload.fill(0);
    await publisher.link.publish("bytes", bytes("last"));
    await reader.until("last");
    assert.deepEqual(reader.texts, ["before", "last"]);
  });

  test("gives each receiver bytes of its own", bounded, async (t) => {
    const [publisher, ...readers] = await listeners(t, 3);
    for (const reader of readers) {
      reader.onPayload = (payload): unknown => payload.fill(0);
      await reader.link.subscribe("bytes");
    }
    for (const text of ["one", "last"]) await publisher.link.publish("bytes", bytes(text));
    for (const reader of readers) {
      await reader.until("last");
      assert.deepEqual(reader.texts, ["one", "last"]);
    }
  });
}

function subscriptions(listeners: MakeListeners): void {
  test("takes any text as a channel, and no character of it means anything", bounded, async (t) => {
    const [publisher, ...readers] = await listeners(t, CHANNELS.length + 1);
    for (const [at, channel] of CHANNELS.entries()) await readers[at]?.link.subscribe(channel);
    for (const channel of CHANNELS) await publisher.link.publish(channel, bytes(`to ${channel}`));
    for (const [at, channel] of CHANNELS.entries()) {
      await readers[at]?.until(`to ${channel}`);
      assert.deepEqual(
        readers[at]?.arrivals.map((arrival) => arrival.channel),
        [channel],
      );
    }
    assert.deepEqual(Object.keys(Object.prototype), []);
  });

  test("whatever is published after subscribe has resolved arrives", bounded, async (t) => {
    const [publisher, reader] = await listeners(t, 2);
    for (let each = 0; each < 50; each++) {
      await reader.link.subscribe(`channel ${each}`);
      await publisher.link.publish(`channel ${each}`, bytes(String(each)));
      await reader.until(String(each));
    }
  });

  test("after unsubscribe has resolved, nothing more arrives", bounded, async (t) => {
    const [publisher, reader] = await listeners(t, 2);
    for (const channel of ["left", "kept"]) await reader.link.subscribe(channel);
    await publisher.link.publish("left", bytes("before"));
    await reader.until("before");
    await reader.link.unsubscribe("left");
    await publisher.link.publish("left", bytes("after"));
    await publisher.link.publish("kept", bytes("last"));
    await reader.until("last");
    // Once more, as channels need not be in order with each other.
    await publisher.link.publish("kept", bytes("very last"));
    await reader.until("very last");
    assert.deepEqual(reader.texts, ["before", "last", "very last"]);
  });

  test("to unsubscribe from what one has not subscribed to does no harm", bounded, async (t) => {
    const [publisher, reader] = await listeners(t, 2);
    await reader.link.unsubscribe("news");
    await reader.link.subscribe("news");
    await publisher.link.publish("news", bytes("hi"));
    await reader.until("hi");
  });

  test(
    "unsubscribe and subscribe right behind it, awaited together, leave it subscribed",
    bounded,
    async (t) => {
      const [publisher, reader] = await listeners(t, 2);
      for (let each = 0; each < 20; each++) {
        await Promise.all([
          reader.link.subscribe("news"),
          reader.link.unsubscribe("news"),
          reader.link.subscribe("news"),
        ]);
        await publisher.link.publish("news", bytes(String(each)));
        await reader.until(String(each));
        assert.equal(reader.arrivals.length, each + 1);
      }
    },
  );

  test("what one link leaves, another one keeps", bounded, async (t) => {
    const [publisher, one, two] = await listeners(t, 3);
    assert.ok(two);
    for (const { link } of [one, two]) await link.subscribe("news");
    await one.link.unsubscribe("news");
    await publisher.link.publish("news", bytes("hi"));
    await two.until("hi");
    assert.deepEqual(one.arrivals, []);
  });

  test("keeps 2,000 channels apart", bounded, async (t) => {
    const [publisher, reader] = await listeners(t, 2);
    const channels = Array.from({ length: 2_000 }, (_, at) => `channel ${at}`);
    await Promise.all(channels.map((channel) => reader.link.subscribe(channel)));
    await Promise.all(channels.map((channel) => publisher.link.publish(channel, bytes(channel))));
    await reader.untilCount(channels.length);
    assert.deepEqual(new Set(reader.texts), new Set(channels));
    assert.ok(reader.arrivals.every(({ channel }, at) => channel === reader.texts[at]));
  });
}

function ends(listeners: MakeListeners): void {
  test("a link that is closed receives nothing more; the others live on", bounded, async (t) => {
    const [publisher, leaver, stayer] = await listeners(t, 3);
    assert.ok(stayer);
    for (const { link } of [leaver, stayer]) await link.subscribe("news");
    await leaver.link.close();
    await publisher.link.publish("news", bytes("after"));
    await stayer.until("after");
    assert.deepEqual(leaver.arrivals, []);
  });

  test("after close, publish and subscribe reject, and the rest does no harm", bounded, async (t) => {
    const [leaver, stayer] = await listeners(t, 2);
    for (const { link } of [leaver, stayer]) await link.subscribe("news");
    await leaver.link.close();
    await assert.rejects(leaver.link.publish("news", bytes("late")));
    await assert.rejects(leaver.link.subscribe("more"));
    await leaver.link.unsubscribe("news");
    await leaver.link.close();
    assert.deepEqual(stayer.arrivals, []);
  });

  test("a link that is closed by what it receives, receives nothing more", bounded, async (t) => {
    const [publisher, leaver, stayer] = await listeners(t, 3);
    assert.ok(stayer);
    for (const { link } of [leaver, stayer]) await link.subscribe("news");
    const leaving = deferred<{ readonly closed: Promise<void> }>();
    leaver.onPayload = (): void => leaving.resolve({ closed: leaver.link.close() });
    await Promise.all(["one", "two", "last"].map((text) => publisher.link.publish("news", bytes(text))));
    await (
      await leaving.promise
    ).closed;
    await stayer.until("last");
    assert.deepEqual(leaver.texts, ["one"]);
  });
}
