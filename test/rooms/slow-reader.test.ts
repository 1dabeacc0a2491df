import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { OverflowCounts, OverflowMode, RouteOptions } from "jackfield";
import { bounded, until } from "../frameworks/clients.js";
import { Site, messagesUntil } from "./site.js";
import { FRAME, limits, numbered, numbersOf, openSlow, range, readOn } from "./slow-reader.js";
import { turns } from "../connection/turns.js";

const { maxBufferedAmount } = limits;

const collectGarbage = exposedGarbageCollector();

/** Memory of buffers that somebody still holds, or that was not given back yet: that takes a while. */
function memoryInUse(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

function exposedGarbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

const NONE: OverflowCounts = { dropped: 0, closed: 0 };

interface Room {
  readonly site: Site;
  readonly slow: Awaited<ReturnType<typeof openSlow>>;
  readonly fast: Awaited<ReturnType<Site["openIn"]>>;
}

/** A room with one member that reads nothing more, and two that do. */
async function roomOf(t: TestContext, mode: OverflowMode | undefined, options: RouteOptions): Promise<Room> {
  const site = await Site.start(t, { ...limits, ...options });
  const room = site.sockets.room("feed", { overflow: mode });
  const slow = await openSlow(site);
  const fast = await site.openIn(room, "fast", "faster");
  await slow.ws.join(room);
  return { site, slow, fast };
}

/** Sends to the room. @returns how much waited for the slow one at most */
async function sendAll({ site, slow, fast }: Room, numbers: readonly number[]): Promise<number> {
  let most = 0;
  for (const number of numbers) {
    void site.sockets.room("feed").send(numbered(number), { key: String(number % 10) });
    most = Math.max(most, slow.ws.bufferedAmount);
    // All of it is in this process: the fast ones must be given the time to be fast.
    if (number % 4 === 0) await until(() => fast.every(({ ws }) => ws.bufferedAmount === 0));
  }
  void site.sockets.room("feed").send("last", { except: slow.ws });
  for (const { client, ws } of fast) {
    assert.deepEqual(numbersOf(await messagesUntil(client, "last")), numbers);
    assert.equal(ws.dropped, 0);
  }
  return most;
}

/** What a slow member gets of 500 messages with ten keys. */
const expectations: readonly [OverflowMode, isRight: (received: readonly number[]) => void][] = [
  [
    "drop-newest",
    (received) => {
      assert.deepEqual(received, range(0, received.length));
      assert.ok(received.length > 30 && received.length < 60, String(received.length));
    },
  ],
  [
    "drop-oldest",
    (received) => {
      assert.deepEqual(received, range(500 - received.length, 500));
      assert.ok(received.length > 30 && received.length < 60, String(received.length));
    },
  ],
  ["latest", (received) => assert.deepEqual(received, range(490, 500))],
];

describe("hostile 51: a slow reader in a fast room", () => {
  for (const [mode, isRight] of expectations) {
    for (const whose of ["room", "route"] as const) {
      test(`N8: misses what "${mode}" of the ${whose} drops; the others get all`, bounded, async (t) => {
        const isRoom = whose === "room";
        const room = await roomOf(t, isRoom ? mode : undefined, { overflow: isRoom ? "close" : mode });
        const { site, slow } = room;
        const most = await sendAll(room, range(0, 500));
        assert.ok(most <= maxBufferedAmount + FRAME, String(most));
        const { dropped } = slow.ws;
        assert.ok(dropped > 0);
        assert.deepEqual(site.sockets.room("feed").overflowed, isRoom ? { dropped, closed: 0 } : NONE);
        assert.deepEqual(site.route.overflowed, isRoom ? NONE : { dropped, closed: 0 });
        const received = await readOn(slow);
        assert.equal(received.length, 500 - dropped);
        isRight(received);
        // It has caught up: from now on it misses nothing.
        await sendAll(room, range(500, 510));
        assert.deepEqual(await readOn(slow), range(500, 510));
        assert.equal(slow.ws.dropped, dropped);
      });
    }
  }

  for (const whose of ["room", "route"] as const) {
    test(`N8: is cut with 1013 by "close" of the ${whose}; the others get all`, bounded, async (t) => {
      const isRoom = whose === "room";
      const room = await roomOf(t, isRoom ? "close" : undefined, { overflow: isRoom ? "latest" : "close" });
      const { site, slow } = room;
      const most = await sendAll(room, range(0, 500));
      assert.ok(most <= maxBufferedAmount + FRAME, String(most));
      assert.equal(slow.ws.closeInfo?.code, 1013);
      const closed = { dropped: 0, closed: 1 };
      assert.deepEqual(site.sockets.room("feed").overflowed, isRoom ? closed : NONE);
      assert.deepEqual(site.route.overflowed, isRoom ? NONE : closed);
      slow.client.goOnReading();
      assert.deepEqual(await slow.client.closed(), [1013, "the peer reads too slowly"]);
      await until(() => site.sockets.room("feed").size === 2);
    });
  }

  test("N8: what one room may drop and another may not keeps its order", bounded, async (t) => {
    const { site, slow } = await roomOf(t, "latest", { overflow: "close" });
    const safe = site.sockets.room("safe");
    await slow.ws.join(safe);
    const feed = site.sockets.room("feed");
    for (const number of range(0, 20)) {
      if (number % 4 === 0) void safe.send(numbered(number));
      else if (number % 4 === 2) void slow.ws.send(numbered(number));
      else void feed.send(numbered(number), { key: String(number % 4) });
    }
    assert.equal(slow.ws.dropped, 8);
    assert.deepEqual(await readOn(slow), [0, 2, 4, 6, 8, 10, 12, 14, 16, 17, 18, 19]);
  });

  test("N8: keys of different rooms, and of the socket itself, are different", bounded, async (t) => {
    const { site, slow } = await roomOf(t, "latest", { overflow: "latest" });
    const other = site.sockets.room("other", { overflow: "latest" });
    await slow.ws.join(other);
    const key = "the same";
    for (const number of range(0, 9)) {
      const to = [slow.ws, other, site.sockets.room("feed")][number % 3]!;
      void to.send(numbered(number), { key });
    }
    assert.deepEqual(await readOn(slow), [6, 7, 8]);
  });

  test("N8: that many are slow at once costs little more than what they share", bounded, async (t) => {
    const site = await Site.start(t, { ...limits, overflow: "drop-oldest" });
    const slow = await Promise.all(range(0, 20).map((number) => openSlow(site, `slow-${number}`)));
    await Promise.all(slow.map(({ ws }) => ws.join("feed")));
    const before = memoryInUse();
    for (const number of range(0, 200)) {
      void site.sockets.room("feed").send(Buffer.from(numbered(number)));
      await turns();
    }
    const waiting = slow.reduce((sum, { ws }) => sum + ws.bufferedAmount, 0);
    assert.ok(waiting > slow.length * (maxBufferedAmount - FRAME), String(waiting));
    // Each message once, and its frame; not for each of them.
    await until(() => memoryInUse() - before < waiting / 4);
    for (const { ws } of slow) assert.ok(ws.dropped > 140);
  });

  test("N8: a message that waits keeps alive no other of its turn", bounded, async (t) => {
    const site = await Site.start(t, { ...limits, overflow: "latest" });
    const { ws } = await openSlow(site);
    const room = site.sockets.room("feed");
    await ws.join(room);
    const before = memoryInUse();
    for (const turn of range(0, 50)) {
      void room.send("waits", { key: String(turn) });
      for (const _ of range(0, 60)) void room.send(new Uint8Array(16_000), { key: "replaced" });
      await turns(2);
    }
    // Small frames share a slab of Node, of 64 KiB at most: that is kept, but nothing like what was sent.
    await until(() => memoryInUse() - before < (50 * 60 * 16_000) / 4);
  });
});
