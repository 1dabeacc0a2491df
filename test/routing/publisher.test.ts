/** Speaking to sockets from a program that has none. */

import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { BrokerError, InvalidOptionError, InvalidRoomError, MemoryBroker, Publisher } from "jackfield";
import { bounded } from "../frameworks/clients.js";
import { Site, messagesUntil } from "../rooms/site.js";

interface Outside {
  readonly site: Site;
  readonly publisher: Publisher;
}

const identify = (request: IncomingMessage): string | undefined => request.headers["x-user"]?.toString();

/** An app, and a program that speaks to it. */
async function outside(t: TestContext): Promise<Outside> {
  const broker = new MemoryBroker();
  const site = await Site.start(t, { broker, identify });
  const publisher = new Publisher(broker);
  t.after(() => publisher.close());
  return { site, publisher };
}

describe("a publisher", () => {
  test("A2: speaks to a room, a route, an identity and all, without a server", bounded, async (t) => {
    const { site, publisher } = await outside(t);
    const [member] = await site.openIn("lobby", "member");
    assert.ok(member);
    const ann = await site.open("ann", { headers: { "X-User": "ann" } });
    await publisher.room("lobby").send(Buffer.from("to the room"));
    await publisher.route("/:name").send("to the route");
    await publisher.route("/:name").to({ name: "ann" }).sendJson("to the path");
    await publisher.route("/nowhere").send("to nobody");
    await publisher.of("ann").send("to the identity");
    await publisher.broadcast("last");
    const toMember = await messagesUntil(member.client, "last");
    const toAnn = await messagesUntil(ann.client, "last");
    assert.deepEqual(new Set(toMember), new Set([Buffer.from("to the room"), "to the route"]));
    assert.deepEqual(new Set(toAnn), new Set(["to the route", '"to the path"', "to the identity"]));
  });

  test("A2, W9: ends connections, as at a log-out", bounded, async (t) => {
    const { site, publisher } = await outside(t);
    const ann = await site.open("ann", { headers: { "X-User": "ann" } });
    const ben = await site.open("ben");
    await publisher.of("ann").close();
    assert.deepEqual(await ann.client.closed, { code: 4401, reason: "logged out" });
    await publisher.all.close(1001, "good night");
    assert.deepEqual(await ben.client.closed, { code: 1001, reason: "good night" });
  });

  test("has no sockets of its own, and counts those of all processes", bounded, async (t) => {
    const { site, publisher } = await outside(t);
    await site.openIn("lobby", "ann", "ben");
    assert.equal(await publisher.room("lobby").count(), 2);
    assert.equal(await publisher.route("/:name").to({ name: "ann" }).count(), 1);
    for (const audience of [publisher.all, publisher.room("lobby"), publisher.of("ann")])
      assert.deepEqual([audience.size, ...audience], [0]);
  });

  test("refuses what can't be meant, and what is sent after its end", async (t) => {
    const { publisher } = await outside(t);
    assert.throws(() => new Publisher(undefined as never), InvalidOptionError);
    assert.throws(() => publisher.room(""), InvalidRoomError);
    assert.throws(() => publisher.of(undefined as never), InvalidOptionError);
    await publisher.close();
    await assert.rejects(publisher.broadcast("too late"), BrokerError);
  });
});
