import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { CONTEXT_BUDGET, PeerContext } from "#src/node/peer-context.js";
import { PAGE_SIZE, Tail, TailStore } from "#src/node/tail-store.js";

const noise = randomBytes(200_000);
const windowOf = (bits: number): number => Math.max(512, 2 ** bits);

describe("the tails of what peers have sent", () => {
  test("hostile 88: hold what came last, whatever else is kept, up to their windows and the budget", () => {
    const step = fc.tuple(fc.nat(7), fc.oneof(fc.nat(50), fc.nat(3_000), fc.nat(100_000)), fc.nat(100_000));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (pages, steps) => {
        const stores = [new TailStore(pages * PAGE_SIZE), new TailStore(PAGE_SIZE)] as const;
        const sent = Array.from({ length: 8 }, () => Buffer.alloc(0));
        const tails = sent.map((_, each) => new Tail(8 + each));
        for (const [which, size, from] of steps) {
          const message = noise.subarray(from, from + size);
          sent[which] = Buffer.concat([sent[which] as Buffer, message]);
          if (size % 11 === 0) tails[which]?.release();
          tails[which]?.append(message, stores[size % 5 === 0 ? 1 : 0]);
          for (const [each, tail] of tails.entries()) {
            assert.ok(tail.length <= windowOf(8 + each));
            const all = sent[each] as Buffer;
            assert.ok(tail.last(tail.length).equals(all.subarray(all.length - tail.length)));
          }
          const own = tails[which] as Tail;
          assert.ok(own.length >= Math.min(size, windowOf(8 + which)), "the newest is always kept");
          assert.ok(stores[0].size <= pages * PAGE_SIZE && stores[1].size <= PAGE_SIZE);
        }
        for (const tail of tails) tail.release();
        // One page of each size of slots stays for the next.
        assert.ok(stores[0].size + stores[1].size <= 8 * PAGE_SIZE);
      }),
    );
  });

  test("hostile 88: those that were not needed for longest are lost first", () => {
    const store = new TailStore(4 * PAGE_SIZE);
    const tails = Array.from({ length: 6 }, () => new Tail(15));
    for (const [each, tail] of tails.entries()) {
      tail.append(noise.subarray(0, PAGE_SIZE), store);
      if (each >= 1) tails[0]?.last(1);
    }
    assert.deepEqual(
      tails.map(({ length }) => length > 0),
      [true, false, false, true, true, true],
    );
  });

  test("hostile 88: short ones of many peers take little more than what they hold", () => {
    const store = new TailStore(100 * PAGE_SIZE);
    for (let each = 0; each < 5_000; each++) new Tail(15).append(noise.subarray(0, 500), store);
    assert.ok(store.size <= 5_000 * 520);
  });
});

describe("the contexts of peers", () => {
  test("hostile 88: have a budget of 32 MiB", () => assert.equal(CONTEXT_BUDGET, 32 * 2 ** 20));

  for (const [what, takeover, refersBack] of [
    ["that take it over though told not to", "forbidden", true],
    ["that may take it over", "agreed", false],
    ["of which it isn't known", "forbidden", false],
    ["that said they won't", "renounced", false],
    ["that said they won't, and do", "renounced", true],
  ] as const) {
    test(`hostile 88: of 10,000 peers ${what} with 32 KiB each, no more than 32 MiB are kept`, () => {
      const before = PeerContext.size;
      const peers = Array.from({ length: 10_000 }, () => new PeerContext(15, takeover));
      for (const peer of peers) {
        peer.inflated(Buffer.from("first"), false);
        peer.inflated(noise.subarray(0, 40_000), refersBack);
        assert.ok(PeerContext.size <= CONTEXT_BUDGET);
      }
      assert.ok(peers.at(-1)?.dictionary.equals(noise.subarray(40_000 - 32_768, 40_000)));
      assert.ok(peers[0]?.isEmpty);
      for (const peer of peers) peer.close();
      assert.ok(PeerContext.size - before < CONTEXT_BUDGET / 64);
      peers[0]?.inflated(Buffer.from("late"), true);
      assert.ok(peers[0]?.isEmpty, "nothing is kept of what is inflated after the end");
    });
  }
});
