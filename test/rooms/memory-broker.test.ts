import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryBroker } from "jackfield";
import { brokerContract } from "./broker-contract.js";

brokerContract("in memory", (_t, count) => {
  const broker = new MemoryBroker();
  return Array.from({ length: count }, () => broker);
});

describe("the memory broker", () => {
  test("does not bring back what a link has published", async () => {
    const came: string[] = [];
    const link = new MemoryBroker().connect((channel) => came.push(channel));
    await link.subscribe("news");
    await link.publish("news", new Uint8Array(1));
    await new Promise(setImmediate);
    assert.deepEqual(came, []);
  });

  test("hands over later than it is published, as from another process", async () => {
    const broker = new MemoryBroker();
    const came: string[] = [];
    const reader = broker.connect((channel) => came.push(channel));
    await reader.subscribe("news");
    await broker.connect(() => undefined).publish("news", new Uint8Array(1));
    assert.deepEqual(came, []);
    await new Promise(setImmediate);
    assert.deepEqual(came, ["news"]);
  });

  test("says of a closed link what was expected", async () => {
    const link = new MemoryBroker().connect(() => undefined);
    await link.close();
    const expected = { name: "BrokerError", code: "ERR_BROKER", message: /^expected an open link/ };
    await assert.rejects(link.publish("news", new Uint8Array(1)), expected);
    await assert.rejects(link.subscribe("news"), expected);
  });
});
