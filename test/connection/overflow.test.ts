import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Opcode, PreparedMessage, Sockets, type OverflowMode } from "jackfield";
import { bounded } from "../frameworks/clients.js";
import { Site, notesUntil } from "../rooms/site.js";
import { FRAME, limits, numbered, numbersOf, openSlow, range, readOn, SIZE } from "../rooms/slow-reader.js";
import { settling, turns } from "./turns.js";

const { maxBufferedAmount } = limits;

for (const tls of [false, true]) {
  describe(`a peer that is too slow, over ${tls ? "TLS" : "TCP"}`, () => {
    test('N8, hostile 51: with "close", ends with 1013 and is counted', bounded, async (t) => {
      const site = await Site.start(t, { ...limits, tls, overflow: "close" });
      const slow = await openSlow(site);
      let most = 0;
      for (let number = 0; slow.ws.connected; number++) {
        void slow.ws.send(numbered(number));
        most = Math.max(most, slow.ws.bufferedAmount);
      }
      assert.ok(most <= maxBufferedAmount + FRAME, String(most));
      const { code, reason, by } = slow.ws.closeInfo ?? {};
      assert.deepEqual([code, reason, by], [1013, "the peer reads too slowly", "library"]);
      assert.deepEqual(site.route.overflowed, { dropped: 0, closed: 1 });
      assert.equal(slow.ws.dropped, 0);
      slow.client.goOnReading();
      assert.deepEqual(await slow.client.closed(), [1013, "the peer reads too slowly"]);
    });

    test('N8, hostile 51: with "drop-newest", misses what came on top', bounded, async (t) => {
      const site = await Site.start(t, { ...limits, tls, overflow: "drop-newest" });
      const slow = await openSlow(site);
      const accepted: number[] = [];
      for (const number of range(0, 200)) {
        if (slow.ws.bufferedAmount <= maxBufferedAmount) accepted.push(number);
        void slow.ws.send(numbered(number));
        assert.ok(slow.ws.bufferedAmount <= maxBufferedAmount + FRAME);
      }
      assert.ok(accepted.length > 30 && accepted.length < 60, String(accepted.length));
      assert.equal(slow.ws.dropped, 200 - accepted.length);
      assert.deepEqual(site.route.overflowed, { dropped: 200 - accepted.length, closed: 0 });
      assert.deepEqual(accepted, range(0, accepted.length));
      assert.deepEqual(await readOn(slow), accepted);
    });

    test('N8, hostile 51: with "drop-oldest", misses what has waited longest', bounded, async (t) => {
      const site = await Site.start(t, { ...limits, tls, overflow: "drop-oldest" });
      const slow = await openSlow(site);
      const room = Math.floor((maxBufferedAmount - slow.ws.bufferedAmount) / SIZE);
      for (const number of range(0, 200)) {
        void slow.ws.send(numbered(number));
        assert.ok(slow.ws.bufferedAmount <= maxBufferedAmount);
      }
      assert.deepEqual(site.route.overflowed, { dropped: 200 - room, closed: 0 });
      assert.equal(slow.ws.dropped, 200 - room);
      assert.deepEqual(await readOn(slow), range(200 - room, 200));
    });

    test('N8, hostile 51: with "latest", gets the last of each key, in their order', bounded, async (t) => {
      const site = await Site.start(t, { ...limits, tls, overflow: "latest" });
      const slow = await openSlow(site);
      const before = slow.ws.bufferedAmount;
      for (const number of range(0, 300)) {
        void slow.ws.send(numbered(number), { key: `key ${number % 3}` });
        assert.ok(slow.ws.bufferedAmount <= before + 3 * SIZE);
      }
      void slow.ws.send(numbered(300), { key: "key 1" });
      assert.equal(slow.ws.dropped, 298);
      assert.deepEqual(site.route.overflowed, { dropped: 298, closed: 0 });
      assert.deepEqual(await readOn(slow), [297, 299, 300]);
    });
  });
}

describe("what may be dropped", () => {
  test('with "latest", messages without a key have one in common', bounded, async (t) => {
    const site = await Site.start(t, { ...limits, overflow: "latest" });
    const slow = await openSlow(site);
    for (const number of range(0, 10)) void slow.ws.send(numbered(number));
    void slow.ws.send(numbered(10), { key: "" });
    void slow.ws.send(numbered(11), { key: "__proto__" });
    assert.equal(slow.ws.dropped, 9);
    assert.deepEqual(await readOn(slow), [9, 10, 11]);
  });

  test('with "latest" and ever new keys, what waits longest goes', bounded, async (t) => {
    const site = await Site.start(t, { ...limits, overflow: "latest" });
    const slow = await openSlow(site);
    const room = Math.floor((maxBufferedAmount - slow.ws.bufferedAmount) / SIZE);
    for (const number of range(0, 200)) {
      void slow.ws.send(numbered(number), { key: String(number) });
      assert.ok(slow.ws.bufferedAmount <= maxBufferedAmount);
    }
    assert.equal(slow.ws.dropped, 200 - room);
    assert.deepEqual(await readOn(slow), range(200 - room, 200));
  });

  for (const overflow of ["drop-oldest", "latest", "drop-newest"] satisfies OverflowMode[]) {
    test(
      `with "${overflow}", a single message larger than all that may wait comes through`,
      bounded,
      async (t) => {
        const site = await Site.start(t, { ...limits, overflow });
        const slow = await openSlow(site);
        void slow.ws.send("0".repeat(2 * maxBufferedAmount));
        assert.equal(slow.ws.dropped, 0);
        slow.client.goOnReading();
        assert.equal((await slow.client.nextOf("text"))[1].length, 2 * maxBufferedAmount);
      },
    );

    test(`with "${overflow}", nothing is dropped for a peer that keeps up`, bounded, async (t) => {
      const site = await Site.start(t, { ...limits, overflow });
      const { ws, client } = await site.openRaw("fast");
      for (const number of range(0, 500)) await ws.send(numbered(number));
      await ws.send("last");
      assert.deepEqual(numbersOf(await notesUntil(client, "last")), range(0, 500));
      assert.deepEqual([ws.dropped, site.route.overflowed], [0, { dropped: 0, closed: 0 }]);
    });

    test(
      `with "${overflow}", every send settles when the peer keeps up again, dropped or not`,
      bounded,
      async (t) => {
        let drains = 0;
        const site = await Site.start(t, { ...limits, overflow }, { drain: () => void drains++ });
        const slow = await openSlow(site);
        const sends = range(0, 100).map((number) => slow.ws.send(numbered(number)));
        assert.ok(slow.ws.dropped > 0);
        const all = Promise.all(sends);
        const isSettled = settling(all);
        await turns(20);
        assert.deepEqual([isSettled(), drains], [false, 0]);
        slow.client.goOnReading();
        await all;
        assert.equal(drains, 1);
      },
    );

    test(`with "${overflow}", what waits when the connection ends is rejected`, bounded, async (t) => {
      const site = await Site.start(t, { ...limits, overflow });
      const slow = await openSlow(site);
      const sends = range(0, 100).map((number) => slow.ws.send(numbered(number)));
      slow.client.drop();
      for (const send of sends) await assert.rejects(send, { code: "ERR_CONNECTION_CLOSED" });
      assert.ok(slow.ws.dropped > 0); // still known
      assert.equal(slow.ws.closed, true);
    });
  }

  test("bytes that wait are a copy, prepared messages and JSON wait too", bounded, async (t) => {
    const site = await Site.start(t, { ...limits, overflow: "drop-oldest" });
    const slow = await openSlow(site);
    const bytes = Buffer.from("before");
    void slow.ws.send(bytes);
    void slow.ws.send(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    bytes.fill(0);
    void slow.ws.send(new PreparedMessage("prepared"));
    void slow.ws.sendJson({ json: true });
    void slow.ws.send("last");
    slow.client.goOnReading();
    const received = (await notesUntil(slow.client, "last")).slice(-4);
    assert.deepEqual(received, [Buffer.from("before"), Buffer.from("before"), "prepared", '{"json":true}']);
  });

  test("what was released comes in order, whatever the sizes", bounded, async (t) => {
    const site = await Site.start(t, { highWaterMark: 50_000, overflow: "drop-oldest" });
    const slow = await openSlow(site);
    const sizes = [30_000, 40_000, 10, 30_000, 50_000, 5, 70_000, 4_000, 65_000, 30_000, 40_000];
    for (const [number, size] of sizes.entries()) void slow.ws.send(`${number} `.padEnd(size, "x"));
    assert.deepEqual(await readOn(slow), range(0, sizes.length));
  });
});

describe("close", () => {
  for (const overflow of ["drop-oldest", "latest", "drop-newest"] satisfies OverflowMode[]) {
    test(
      `with "${overflow}", sends what waits before the close frame, and drops nothing more`,
      bounded,
      async (t) => {
        const site = await Site.start(t, { ...limits, overflow });
        const { ws, client } = await openSlow(site);
        for (const number of range(0, 10)) void ws.send(numbered(number), { key: String(number) });
        void ws.close(4000, "bye");
        void ws.send(numbered(10));
        client.goOnReading();
        assert.deepEqual(await client.closed(), [4000, "bye"]);
        const texts = client.notes.flatMap(([kind, text]) => (kind === "text" ? [text] : []));
        assert.deepEqual(numbersOf(texts), range(0, 10));
        assert.deepEqual([ws.dropped, ws.closeInfo?.clean], [0, true]);
      },
    );
  }
});

describe("sendFrame, where messages wait", () => {
  for (const overflow of ["drop-oldest", "latest", "drop-newest", "close"] satisfies OverflowMode[]) {
    test(`with "${overflow}", messages stay whole and in order`, bounded, async (t) => {
      const site = await Site.start(t, { ...limits, overflow });
      const slow = await openSlow(site);
      const { ws } = slow;
      void ws.send(numbered(0), { key: "0" });
      void ws.send(numbered(1), { key: "1" });
      void ws.sendFrame(Opcode.text, "2 in ", { fin: false });
      void ws.send(numbered(3), { key: "3" });
      void ws.sendFrame(Opcode.ping, "p");
      void ws.sendFrame(Opcode.continuation, "three ", { fin: false });
      void ws.send(numbered(4), { key: "4" });
      void ws.sendFrame(Opcode.continuation, "parts");
      void ws.send(numbered(5), { key: "5" });
      void ws.sendFrame(Opcode.text, "6 in one");
      slow.client.goOnReading();
      const texts: string[] = [];
      while (texts.length < 7) texts.push((await slow.client.nextOf("text"))[1]);
      assert.deepEqual(numbersOf(texts), range(0, 7));
      assert.equal(texts[2], "2 in three parts");
      assert.equal(ws.dropped, 0);
    });
  }

  test(
    "a frame for which there is no room ends the connection with 1013: it can't be dropped",
    bounded,
    async (t) => {
      const site = await Site.start(t, { ...limits, overflow: "drop-newest" });
      const { ws } = await openSlow(site);
      while (ws.bufferedAmount <= maxBufferedAmount) void ws.send(numbered(0));
      await assert.rejects(ws.sendFrame(Opcode.text, "1"), { code: "ERR_CONNECTION_CLOSED" });
      assert.equal(ws.closeInfo?.code, 1013);
      assert.deepEqual(site.route.overflowed, { dropped: 0, closed: 1 });
    },
  );

  for (const [overflow, kept] of [
    ["drop-newest", range(0, 51)],
    ["drop-oldest", range(50, 100)],
    ["latest", [99]],
  ] as const) {
    test(`with "${overflow}", what waits for the last frame is bounded`, bounded, async (t) => {
      const site = await Site.start(t, { ...limits, overflow });
      const fast = await site.openRaw("fast");
      const { ws, client } = fast;
      void ws.sendFrame(Opcode.text, "begun ", { fin: false });
      await turns(5);
      for (const number of range(0, 100)) void ws.send(numbered(number));
      assert.ok(ws.bufferedAmount <= maxBufferedAmount + SIZE);
      void ws.sendFrame(Opcode.continuation, "and ended");
      assert.deepEqual(await client.next(), ["text", "begun and ended"]);
      assert.deepEqual(await readOn(fast), kept);
      assert.deepEqual(site.route.overflowed, { dropped: 100 - kept.length, closed: 0 });
      assert.deepEqual(site.log.errors, []);
    });
  }

  test(
    'with "close", more than may wait for the last frame is the fault of who does not send it',
    bounded,
    async (t) => {
      const site = await Site.start(t, { ...limits, overflow: "close" });
      const fast = await site.openRaw("fast");
      const { ws, client } = fast;
      void ws.sendFrame(Opcode.text, "begun ", { fin: false });
      await turns(5);
      for (const number of range(0, 51)) void ws.send(numbered(number));
      await assert.rejects(ws.send(numbered(51)), {
        code: "ERR_INVALID_FRAME",
        message: "too much waits for the last frame of a fragmented message; send it",
      });
      void ws.sendFrame(Opcode.continuation, "and ended");
      assert.deepEqual(await client.next(), ["text", "begun and ended"]);
      assert.deepEqual(await readOn(fast), range(0, 51));
      assert.equal(site.log.errors.length, 1);
      assert.deepEqual(site.route.overflowed, { dropped: 0, closed: 0 });
    },
  );
});

describe("the option overflow", () => {
  test("is one of four words, of a route or of all", () => {
    for (const overflow of ["", "drop", "Close", null, true]) {
      const expected = {
        code: "ERR_INVALID_OPTION",
        message: /^option overflow: expected one of close, drop-newest, drop-oldest, latest, but got /,
      };
      assert.throws(() => new Sockets(undefined, { overflow: overflow as never }), expected);
      const options = { overflow: overflow as never };
      assert.throws(() => new Sockets().route("/", () => undefined, options), expected);
    }
  });
});
