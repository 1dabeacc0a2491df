/** Redis brokers at the nodes of a cluster. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RedisBroker } from "jackfield/redis";
import { Log, bounded } from "../frameworks/clients.js";
import { startRedisCluster } from "../services/redis-cluster.js";
import { services, skip } from "../services/services.js";
import { Listener } from "./listener.js";

describe("a cluster of Redis", { skip: skip(services.redis) }, () => {
  test("carries what one node is told to the brokers at all nodes, in order and once", bounded, async (t) => {
    const nodes = await startRedisCluster(t);
    const at = nodes.map(({ url }) => new Listener(t, new RedisBroker({ url, logger: new Log() })));
    for (const { link } of at) await link.subscribe("news");
    const texts: string[] = [];
    for (const [number, { link }] of at.entries()) {
      const more = Array.from({ length: 100 }, (_, nth) => `${nth} of ${number}`);
      await Promise.all(more.map((text) => link.publish("news", Buffer.from(text))));
      texts.push(...more);
      for (const each of at) await each.until(more.at(-1) ?? "");
    }
    for (const { texts: received } of at) assert.deepEqual(received, texts);
  });

  test("a node that was away is a gap for its broker, and none for the others", bounded, async (t) => {
    const nodes = await startRedisCluster(t);
    const make = ({ url }: { readonly url: string }): Listener =>
      new Listener(t, new RedisBroker({ url, logger: new Log() }));
    const [first, second, third] = nodes.map(make) as [Listener, Listener, Listener];
    for (const { link } of [first, second, third]) await link.subscribe("news");
    await nodes[0]?.restart();
    await first.untilGaps(1);
    await second.link.publish("news", Buffer.from("to the others"));
    await third.until("to the others");
    assert.deepEqual([second.gaps, third.gaps], [0, 0]);
  });
});
