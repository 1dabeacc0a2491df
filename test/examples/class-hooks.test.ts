/** The auctions, as their bidders see them. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, bounded } from "../frameworks/clients.js";
import { start } from "./start.js";

async function enter(url: string, item: string): Promise<{ client: Client; welcome: string }> {
  const client = await Client.connect(url.replace("http", "ws"), `/auctions/${item}`);
  return { client, welcome: String(await client.next()) };
}

describe("the example class-hooks", () => {
  test("A3: an instance of a class hears of its sockets: open, message, close", bounded, async (t) => {
    const { url } = await start(t, "class-hooks");
    const { client: ada, welcome } = await enter(url, "chair");
    assert.equal(welcome, "A chair: 0 is bid; what do you bid?");
    const { client: grace } = await enter(url, "chair");

    ada.send("10");
    for (const bidder of [ada, grace]) assert.equal(await bidder.next(), "10 is bid.");
    grace.send("ten");
    assert.equal(await grace.next(), "Bid a whole number above 10.");

    await ada.close(1000);
    assert.equal(await grace.next(), "A bidder has left; 1 still here.");
    const { client: lost } = await enter(url, "chair");
    lost.ws.terminate();
    assert.equal(await grace.next(), "A bidder was lost; 1 still here.");
  });

  test("each instance has fields of its own", bounded, async (t) => {
    const { url } = await start(t, "class-hooks");
    const { client: bidder } = await enter(url, "chair");
    bidder.send("10");
    assert.equal(await bidder.next(), "10 is bid.");
    assert.equal((await enter(url, "chair")).welcome, "A chair: 10 is bid; what do you bid?");
    assert.equal((await enter(url, "table")).welcome, "A table: 0 is bid; what do you bid?");
  });
});
