/** What every broker over the network does when its server is out of reach, as a suite that each is run through. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BrokerError } from "jackfield";
import { bounded, until } from "../frameworks/clients.js";
import { BrokerServer } from "../services/broker-server.js";
import { Forwarder } from "../services/forwarder.js";
import { freePort } from "../services/ports.js";
import { bytes, outcomeOf, pair, Peer, type NetworkBroker, type Outcome } from "./network-peer.js";

export function outageContract(broker: NetworkBroker): void {
  describe(`hostile 66, 67: ${broker.kind} out of reach`, () => {
    restarts(broker);
    cuts(broker);
    queues(broker);
  });
}

function restarts(broker: NetworkBroker): void {
  test(
    "a restart under load: order is kept, nothing comes twice, and the gap is told",
    bounded,
    async (t) => {
      const server = await BrokerServer.start(t, broker.kind);
      const { publisher, reader } = await pair(t, broker, { url: server.url });
      const load = new Load(publisher);
      const { outcomes } = load;
      for (const restart of [1, 2]) {
        const before = reader.arrivals.length;
        await reader.untilCount(before + 100);
        await server.restart();
        await Promise.all([publisher.untilGaps(restart), reader.untilGaps(restart)]);
      }
      const whole = outcomes.length;
      await until(() => outcomes.length > whole + 100);
      await load.stop();
      await publisher.publish("last");
      await reader.until("last");
      await until(() => outcomes.every(({ name }) => name !== "open"));

      const came = reader.texts.slice(1, -1).map(Number);
      assert.ok(
        came.every((number, at) => at === 0 || number > (came[at - 1] ?? 0)),
        "in order, and once",
      );
      const arrived = new Set(came);
      for (const [number, { name, error }] of outcomes.entries()) {
        if (name === "refused") assert.ok(error instanceof BrokerError);
        if (number >= whole) assert.equal(name, "taken", String(error));
        if (number >= whole) assert.ok(arrived.has(number), `${number}, published after the gap, is missing`);
      }
      assert.ok(
        outcomes.some(({ name }) => name === "refused"),
        "some were in flight",
      );
      assert.deepEqual([publisher.gaps, reader.gaps], [2, 2]);
      assert.equal(reader.log.warnings.length, 4, reader.log.warnings.join("\n"));
      assert.match(
        reader.log.warnings[1] ?? "",
        /^jackfield: .+ at 127\.0\.0\.1:\d+ can be reached again, after \d+ ms$/,
      );
    },
  );

  test("what is in flight when the server dies is refused, and never sent again", bounded, async (t) => {
    const server = await BrokerServer.start(t, broker.kind);
    const { publisher, reader } = await pair(t, broker, { url: server.url });
    await reader.link.subscribe("other");
    await server.freeze();
    const lost = [outcomeOf(publisher.publish("lost")), outcomeOf(publisher.publish("lost too"))];
    const left = reader.link.unsubscribe("other");
    await new Promise(setImmediate);
    await server.kill();
    await left; // nothing of it comes any more
    await until(() => lost.every(({ name }) => name === "refused"));
    for (const { error } of lost) {
      assert.ok(error instanceof BrokerError);
      assert.equal(error.code, "ERR_BROKER");
      assert.match(
        error.message,
        /cut first; nobody knows whether it has arrived, and it is not sent again$/,
      );
    }
    await server.start();
    await Promise.all([publisher.untilGaps(1), reader.untilGaps(1)]);
    await publisher.publish("last");
    await reader.until("last");
    assert.deepEqual(reader.texts, ["first", "last"]);
  });

  test("a server that hangs is noticed by the pings, and found again when it goes on", bounded, async (t) => {
    const server = await BrokerServer.start(t, broker.kind);
    const { publisher, reader } = await pair(t, broker, { url: server.url, pingInterval: 200 });
    await server.freeze();
    const lost = outcomeOf(publisher.publish("lost"));
    await Promise.all([publisher.untilCut(), reader.untilCut()]);
    assert.match(reader.log.warnings[0] ?? "", /the server has not answered for 200 ms$/);
    assert.equal(lost.name, "refused");
    server.thaw();
    await Promise.all([publisher.untilGaps(1), reader.untilGaps(1)]);
    await publisher.publish("last");
    await reader.until("last");
  });
}

function cuts(broker: NetworkBroker): void {
  test("who is cut off misses what is sent meanwhile, and is told once", bounded, async (t) => {
    const server = await BrokerServer.start(t, broker.kind);
    const forwarder = await Forwarder.start(t, server.port);
    const reader = new Peer(t, broker, { url: `${broker.protocol}//127.0.0.1:${forwarder.port}` });
    const publisher = new Peer(t, broker, { url: server.url });
    await reader.link.subscribe("news");
    await forwarder.cut();
    await publisher.publish("missed");
    await reader.untilCut();
    await forwarder.mend();
    await reader.untilGaps(1);
    await publisher.publish("last");
    await reader.until("last");
    assert.deepEqual(reader.texts, ["last"]);
    assert.deepEqual([reader.gaps, publisher.gaps], [1, 0]);
  });

  test("each cut is told, also when they follow each other closely", bounded, async (t) => {
    const server = await BrokerServer.start(t, broker.kind);
    const forwarder = await Forwarder.start(t, server.port);
    const reader = new Peer(t, broker, { url: `${broker.protocol}//127.0.0.1:${forwarder.port}` });
    await reader.link.subscribe("news");
    for (const cut of [1, 2, 3]) {
      forwarder.drop();
      await reader.untilGaps(cut);
    }
    assert.equal(reader.gaps, 3);
  });

  test("what is subscribed to and left while cut off, holds afterwards", bounded, async (t) => {
    const server = await BrokerServer.start(t, broker.kind);
    const forwarder = await Forwarder.start(t, server.port);
    const reader = new Peer(t, broker, { url: `${broker.protocol}//127.0.0.1:${forwarder.port}` });
    const publisher = new Peer(t, broker, { url: server.url });
    for (const channel of ["kept", "left"]) await reader.link.subscribe(channel);
    await forwarder.cut();
    await reader.untilCut();
    const added = reader.link.subscribe("added");
    const changed = reader.link.subscribe("changed");
    await reader.link.unsubscribe("left");
    await reader.link.unsubscribe("changed");
    await changed; // nobody waits for what was taken back
    await forwarder.mend();
    await Promise.all([added, reader.untilGaps(1)]);
    for (const channel of ["left", "changed", "added", "kept"])
      await publisher.link.publish(channel, bytes(`on ${channel}`));
    await reader.until("on kept");
    await reader.until("on added");
    assert.deepEqual(new Set(reader.texts), new Set(["on added", "on kept"]));
  });
}

function queues(broker: NetworkBroker): void {
  test("what is published while cut off waits, is bounded, and arrives in order", bounded, async (t) => {
    const server = await BrokerServer.start(t, broker.kind);
    const forwarder = await Forwarder.start(t, server.port);
    const url = `${broker.protocol}//127.0.0.1:${forwarder.port}`;
    const publisher = new Peer(t, broker, { url, maxQueue: 3 });
    const reader = new Peer(t, broker, { url: server.url });
    await reader.link.subscribe("news");
    await publisher.publish("before");
    await forwarder.cut();
    await publisher.untilCut();
    const waiting = ["one", "two", "three"].map((text) => publisher.publish(text));
    void publisher.publish("never looked at");
    await assert.rejects(publisher.publish("too many"), {
      code: "ERR_BROKER",
      message: /^expected the broker to take what is published, but 3 payloads of 11 bytes wait/,
    });
    await forwarder.mend();
    await Promise.all(waiting);
    await publisher.publish("last");
    await reader.until("last");
    assert.deepEqual(reader.texts, ["before", "one", "two", "three", "last"]);
  });

  test("the queue is bounded in bytes, too", bounded, async (t) => {
    const url = `${broker.protocol}//127.0.0.1:${await freePort()}`;
    const publisher = new Peer(t, broker, { url, maxQueueBytes: 10 });
    const waiting = publisher.publish("x".repeat(6));
    await assert.rejects(publisher.publish("x".repeat(6)), { code: "ERR_BROKER" });
    await publisher.link.close();
    await assert.rejects(waiting, { code: "ERR_BROKER", message: /^expected an open link/ });
  });
}

/** Publishes numbers without a pause, and keeps what becomes of each. */
class Load {
  readonly outcomes: Outcome[] = [];
  readonly #publisher: Peer;
  readonly #running: Promise<void>;
  #isOver = false;

  constructor(publisher: Peer) {
    this.#publisher = publisher;
    this.#running = this.#run();
  }

  stop(): Promise<void> {
    this.#isOver = true;
    return this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const open = this.outcomes.filter(({ name }) => name === "open").length;
      const most = Math.min(10, 1_000 - open); // fewer than the queue takes
      for (let each = 0; each < most; each++)
        this.outcomes.push(outcomeOf(this.#publisher.publish(String(this.outcomes.length))));
      await new Promise(setImmediate);
    }
  }
}
