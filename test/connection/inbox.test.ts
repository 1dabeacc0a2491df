import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Inbox } from "#src/connection/inbox.js";

const DEFAULTS = { maxMessages: 256, maxBytes: 262_144 };

function filled(count: number, message: string | Uint8Array = "m", limits = DEFAULTS): Inbox {
  const inbox = new Inbox(limits);
  for (let each = 0; each < count; each++) inbox.push(message);
  return inbox;
}

describe("an inbox", { timeout: 5_000 }, () => {
  test("gives messages in the order in which they came", () => {
    const inbox = new Inbox(DEFAULTS);
    for (const message of ["a", Buffer.of(1), "", "b"]) inbox.push(message);
    assert.equal(inbox.size, 4);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => inbox.shift()),
      ["a", Buffer.of(1), "", "b"],
    );
    assert.equal(inbox.size, 0);
  });

  test("gives undefined when it is empty, and an empty message when that is what came", () => {
    const inbox = new Inbox(DEFAULTS);
    assert.equal(inbox.shift(), undefined);
    inbox.push("");
    assert.equal(inbox.shift(), "");
    assert.equal(inbox.shift(), undefined);
  });

  test("keeps the order over 10,000 messages, however pushes and shifts alternate", () => {
    const inbox = new Inbox(DEFAULTS);
    let pushed = 0;
    let shifted = 0;
    for (let round = 1; pushed < 10_000; round++) {
      for (let each = 0; each < (round * 7) % 1_500; each++) inbox.push(String(pushed++));
      for (let each = 0; each < (round * 5) % 1_400; each++) {
        const message = inbox.shift();
        assert.equal(message, shifted < pushed ? String(shifted++) : undefined);
      }
      assert.equal(inbox.size, pushed - shifted);
    }
    while (shifted < pushed) assert.equal(inbox.shift(), String(shifted++));
    assert.equal(inbox.shift(), undefined);
  });

  test("is full above 256 messages, not at them", () => {
    assert.equal(filled(256).isFull, false);
    assert.equal(filled(257).isFull, true);
  });

  test("is full above 256 KiB, not at them", () => {
    const inbox = filled(1, new Uint8Array(262_144));
    assert.equal(inbox.isFull, false);
    inbox.push("x");
    assert.equal(inbox.isFull, true);
  });

  test("has room again at a quarter of the messages", () => {
    const inbox = filled(257);
    while (inbox.size > 65) inbox.shift();
    assert.equal(inbox.hasRoom, false);
    inbox.shift();
    assert.equal(inbox.hasRoom, true);
  });

  test("has room again at a quarter of the bytes", () => {
    const inbox = filled(5, new Uint8Array(65_536));
    for (const expected of [false, false, false, true]) {
      inbox.shift();
      assert.equal(inbox.hasRoom, expected);
    }
  });

  test("has room when it is empty, whatever the limits are", () => {
    assert.equal(new Inbox({ maxMessages: 1, maxBytes: 1 }).hasRoom, true);
  });

  test("keeps to a quarter of limits beyond 2^31 and without an end", () => {
    const limits = { maxMessages: Infinity, maxBytes: 2 ** 33 };
    assert.equal(filled(1_000, "m", limits).isFull, false);
    assert.equal(filled(1_000, "m", limits).hasRoom, true);
  });

  test("two inboxes share nothing", () => {
    const [one, other] = [new Inbox(DEFAULTS), new Inbox(DEFAULTS)];
    one.push("mine");
    assert.equal(other.shift(), undefined);
    other.push("yours");
    assert.equal(one.shift(), "mine");
    assert.equal(other.shift(), "yours");
  });
});
