/** Clients behind a narrow line, in a crowd that is fast. */

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { OverflowMode } from "jackfield";
import { bounded, until } from "../frameworks/clients.js";
import { Site, messagesUntil } from "../rooms/site.js";
import { FRAME, limits, numbered, numbersOf } from "../rooms/slow-reader.js";
import { FaultyLine, type Faults } from "../services/faulty-line.js";

/** So slow that everything beyond the buffers of the operating system has to wait. In bytes per second. */
const NARROW: Faults = { rate: 100_000 };

async function room(t: TestContext, overflow: OverflowMode, faults: Faults = NARROW) {
  const site = await Site.start(t, { ...limits, overflow, closeTimeout: 300 });
  const line = await FaultyLine.start(t, site.port, faults);
  const slow = await site.openRaw("slow", { port: line.port });
  const fast = await site.openIn("feed", "fast", "faster");
  await slow.ws.join("feed");
  return { site, line, slow, fast };
}

type Room = Awaited<ReturnType<typeof room>>;

/** Sends to the room until so it is. @returns how many were sent, and how much waited for the slow one at most */
async function sendUntil({ site, slow, fast }: Room, isSo: () => boolean) {
  let [sent, most] = [0, 0];
  while (!isSo()) {
    void site.sockets.room("feed").send(numbered(sent++));
    most = Math.max(most, slow.ws.bufferedAmount);
    if (sent % 4 === 0) await until(() => fast.every(({ ws }) => ws.bufferedAmount === 0));
  }
  void site.sockets.room("feed").send("last", { except: slow.ws });
  for (const { client, ws } of fast) {
    const numbers = numbersOf(await messagesUntil(client, "last"));
    assert.equal(numbers.length, sent);
    assert.ok(numbers.every((number, at) => number === at));
    assert.equal(ws.dropped, 0);
  }
  return { sent, most };
}

describe("hostile 51: behind a narrow line", { concurrency: true }, () => {
  for (const mode of ["drop-oldest", "drop-newest"] as const)
    test(`"${mode}" bounds what waits; the others get all`, bounded, async (t) => {
      const crowd = await room(t, mode);
      const { slow } = crowd;
      const { most } = await sendUntil(crowd, () => slow.ws.dropped >= 200);
      assert.ok(most <= limits.maxBufferedAmount + FRAME, String(most));
      assert.equal(slow.ws.connected, true);
    });

  test(`"close" ends the slow one with 1013; the others get all`, bounded, async (t) => {
    const crowd = await room(t, "close");
    const { site, slow } = crowd;
    const { most } = await sendUntil(crowd, () => slow.ws.closeInfo !== undefined);
    assert.ok(most <= limits.maxBufferedAmount + FRAME, String(most));
    assert.equal(slow.ws.closeInfo?.code, 1013);
    // It reads too slowly to say goodbye in time, and is not waited for.
    await until(() => site.sockets.size === 2);
  });

  test("a jam that clears up costs only what was dropped, in order", bounded, async (t) => {
    const crowd = await room(t, "drop-oldest", {});
    const { line, site, slow } = crowd;
    line.jam("to the client");
    const { sent } = await sendUntil(crowd, () => slow.ws.dropped >= 100);
    line.clear();
    await until(() => slow.ws.bufferedAmount === 0);
    void site.sockets.room("feed").send("now");
    const got: string[] = [];
    for (let text = ""; text !== "now"; got.push(text)) {
      const note = await slow.client.next();
      assert.equal(note[0], "text");
      text = note[1];
    }
    const numbers = numbersOf(got.slice(0, -1));
    assert.equal(numbers.length, sent - slow.ws.dropped);
    assert.ok(numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0)));
    assert.equal(numbers.at(-1), sent - 1);
  });
});
