/** How many sockets there are, in all processes. */

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { MemoryBroker, type Broker } from "jackfield";
import { bounded } from "../frameworks/clients.js";
import { Site } from "./site.js";

const never = (): Promise<never> => new Promise(() => undefined);

const identify = ({ headers }: { headers: NodeJS.Dict<string | string[]> }) => headers["x-user"]?.toString();

async function sites(t: TestContext, count: number, broker: Broker = new MemoryBroker()) {
  return Promise.all(Array.from({ length: count }, () => Site.start(t, { broker, identify })));
}

describe("count", () => {
  test("is size where there is no broker", bounded, async (t) => {
    const site = await Site.start(t);
    await site.openIn("lobby", "one", "two");
    assert.equal(await site.sockets.count(), 2);
    assert.equal(await site.sockets.room("lobby").count(), 2);
    assert.equal(await site.sockets.room("elsewhere").count(), 0);
  });

  test(
    "A2: has the sockets of all processes: of everyone, a room, a route, an identity",
    bounded,
    async (t) => {
      const [here, there, idle] = await sites(t, 3);
      assert.ok(here && there && idle);
      await here.openIn("lobby", "one", "two");
      await there.openIn("lobby", "one");
      await there.open("three", { headers: { "X-User": "ann" } });
      for (const { sockets, route } of [here, there, idle]) {
        assert.equal(await sockets.count(), 4);
        assert.equal(await route.count(), 4);
        assert.equal(await sockets.room("lobby").count(), 3);
        assert.equal(await route.to({ name: "one" }).count(), 2);
        assert.equal(await route.to({ name: "nobody" }).count(), 0);
        assert.equal(await sockets.of("ann").count(), 1);
      }
      assert.equal(here.sockets.room("lobby").size, 2);
    },
  );

  test("knows who has come and who has gone", bounded, async (t) => {
    const broker = new MemoryBroker();
    const [here, leaver] = await sites(t, 2, broker);
    assert.ok(here && leaver);
    await leaver.open("one");
    assert.equal(await here.sockets.count(), 1);
    await leaver.sockets.close({ grace: 100 });
    const begin = performance.now();
    assert.equal(await here.sockets.count(), 0);
    assert.ok(performance.now() - begin < 900, "nobody is waited for who has said goodbye");
    const [newcomer] = await sites(t, 1, broker);
    await newcomer?.open("one");
    assert.equal(await here.sockets.count(), 1);
  });

  test("several at once don't mix", bounded, async (t) => {
    const [here, there] = await sites(t, 2);
    assert.ok(here && there);
    await there.openIn("red", "one");
    await there.openIn("blue", "two", "three");
    const counts = ["red", "blue", "green", "blue"].map((room) => here.sockets.room(room).count());
    assert.deepEqual(await Promise.all(counts), [1, 2, 0, 2]);
  });

  test("hostile 67: rejects when the broker is out of reach", bounded, async (t) => {
    const broker: Broker = {
      connect: () => ({ publish: never, subscribe: never, unsubscribe: never, close: async () => undefined }),
    };
    const site = await Site.start(t, { broker });
    await assert.rejects(site.sockets.count(), { code: "ERR_BROKER", message: /out of reach; size tells/ });
  });
});
