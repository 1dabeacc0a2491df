import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryBroker, type BrokerListener } from "jackfield";
import { brokerContract } from "./broker-contract.js";

brokerContract("in memory", (_t, count) => {
  const broker = new MemoryBroker();
  return Array.from({ length: count }, () => broker);
});

/** Keeps the channels on which something comes. */
function listener(came: string[]): BrokerListener {
  return {
    received: (channel) => void came.push(channel),
    gap: () => assert.fail("nothing can be missed in memory"),
  };
}

describe("the memory broker", () => {
  test("does not bring back what a link has published", async () => {
    const came: string[] = [];
    const link = new MemoryBroker().connect(listener(came));
    await link.subscribe("news");
    await link.publish("news", new Uint8Array(1));
    await new Promise(setImmediate);
    assert.deepEqual(came, []);
  });

  test("hands over later than it is published, as from another process", async () => {
    const broker = new MemoryBroker();
    const came: string[] = [];
    const reader = broker.connect(listener(came));
    await reader.subscribe("news");
    await broker.connect(listener([])).publish("news", new Uint8Array(1));
    assert.deepEqual(came, []);
    await new Promise(setImmediate);
    assert.deepEqual(came, ["news"]);
  });

  test("says of a closed link what was expected", async () => {
    const link = new MemoryBroker().connect(listener([]));
    await link.close();
    const expected = { name: "BrokerError", code: "ERR_BROKER", message: /^expected an open link/ };
    await assert.rejects(link.publish("news", new Uint8Array(1)), expected);
    await assert.rejects(link.subscribe("news"), expected);
  });
});
