import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Opcode, PreparedMessage } from "jackfield";
import { MessageBatch } from "#src/connection/message-batch.js";
import { EventRecorder } from "../connection/transport-contract.js";
import { turns } from "../connection/turns.js";
import { frameOf } from "./raw-client.js";
import { tcpPair, type TcpPair, type Way } from "./tcp-pair.js";

interface Started extends TcpPair {
  readonly events: EventRecorder;
  /** What was given to the socket, but what is empty. */
  readonly writes: readonly Uint8Array[];
}

async function start(t: TestContext, way: Way = "shared"): Promise<Started> {
  const pair = await tcpPair(t, way);
  const events = new EventRecorder();
  pair.transport.start(events);
  const writes: Uint8Array[] = [];
  const { socket } = pair;
  const write = socket.write.bind(socket) as (bytes: Uint8Array, done?: () => void) => boolean;
  t.mock.method(socket, "write", (bytes: Uint8Array, done?: () => void) => {
    if (bytes.length > 0) writes.push(bytes);
    return write(bytes, done);
  });
  return { ...pair, events, writes };
}

function batchOf(...texts: readonly string[]): readonly PreparedMessage[] {
  const batch = new MessageBatch();
  return texts.map((text) => new PreparedMessage(text, batch));
}

async function expectTexts({ peer }: Started, texts: readonly string[]): Promise<void> {
  for (const text of texts) assert.deepEqual(await peer.next(), ["text", text]);
}

/** Small ones, some that are too large to be copied, and some that are not written at the turn's end but at once. */
const sizes = [5, 125, 126, 4_000, 4_100, 16_000, 5, 60_000, 70_000, 1];
const texts = sizes.map((size, at) => `${at} `.padEnd(size, "x"));

describe("frames that several connections share", { timeout: 30_000 }, () => {
  for (const way of ["shared", "watched", "tls"] as const) {
    test(`leave as one buffer, the same for all (${way})`, async (t) => {
      const all = [await start(t, way), await start(t, way), await start(t, way)];
      const batch = batchOf("one", "two", "three");
      for (const prepared of batch) for (const { transport } of all) transport.sendPrepared(prepared);
      for (const each of all) await expectTexts(each, ["one", "two", "three"]);
      const [[first, ...more] = []] = all.map(({ writes }) => writes);
      assert.deepEqual(more, []);
      for (const { writes } of all) assert.ok(writes.length === 1 && writes[0] === first);
    });
  }

  test("of all sizes come whole and in order", async (t) => {
    const all = [await start(t), await start(t)];
    for (const prepared of batchOf(...texts))
      for (const { transport } of all) transport.sendPrepared(prepared);
    for (const each of all) await expectTexts(each, texts);
  });

  test("keep their place among what only one of them is sent", async (t) => {
    const all = [await start(t), await start(t), await start(t)];
    for (const [at, prepared] of batchOf(...texts).entries()) {
      for (const { transport } of all) transport.sendPrepared(prepared);
      all[at % 2]?.transport.sendText(`own ${at}`);
      if (at % 3 === 0) all[0]?.transport.sendFrame(Opcode.text, Buffer.from(`frame ${at}`), true);
    }
    for (const [number, each] of all.entries()) {
      const expected = texts.flatMap((text, at) => [
        text,
        ...(at % 2 === number ? [`own ${at}`] : []),
        ...(at % 3 === 0 && number === 0 ? [`frame ${at}`] : []),
      ]);
      await expectTexts(each, expected);
    }
  });

  test("may be missing at some: at the beginning, in the middle, at the end", async (t) => {
    const small = Array.from({ length: 8 }, (_, at) => `text ${at}`);
    const receives: readonly ((at: number) => boolean)[] = [
      () => true,
      (at) => at >= 3,
      (at) => at < 5,
      (at) => at !== 4,
      (at) => at % 2 === 0,
      (at) => at === 2,
    ];
    const all = await Promise.all(receives.map(() => start(t)));
    for (const [at, prepared] of batchOf(...small).entries())
      for (const [number, { transport }] of all.entries())
        if (receives[number]?.(at) === true) transport.sendPrepared(prepared);
    for (const [number, each] of all.entries())
      await expectTexts(
        each,
        small.filter((_, at) => receives[number]?.(at)),
      );
  });

  test("may be sent twice, in another order, and be of two batches", async (t) => {
    const started = await start(t);
    const [a, b, c] = batchOf("a", "b", "c");
    const [d, e] = batchOf("d", "e");
    const order = [c, a, a, b, d, c, e, d, e, new PreparedMessage("alone"), a, b];
    for (const prepared of order) started.transport.sendPrepared(prepared!);
    await expectTexts(started, ["c", "a", "a", "b", "d", "c", "e", "d", "e", "alone", "a", "b"]);
  });

  test("may be of an earlier turn", async (t) => {
    const started = await start(t);
    const [a, b, c] = batchOf("a", "b", "c");
    for (const prepared of [a, b, c]) {
      started.transport.sendPrepared(prepared!);
      await turns(2);
    }
    await expectTexts(started, ["a", "b", "c"]);
    assert.equal(started.writes.length, 3);
  });

  test("that are much do not wait for the end of the turn", async (t) => {
    const started = await start(t);
    const many = Array.from({ length: 30 }, (_, at) => `${at} `.padEnd(10_000, "x"));
    for (const prepared of batchOf(...many)) started.transport.sendPrepared(prepared);
    assert.ok(started.writes.length >= 3 && started.writes.length <= 6, String(started.writes.length));
    await expectTexts(started, many);
  });

  test("wait for a peer that doesn't read, each in its place", async (t) => {
    const [slow, fast] = [await start(t), await start(t)];
    slow.peer.stopReading();
    let filled = 0;
    for (; slow.transport.bufferedAmount < 2 ** 20; filled++) {
      slow.transport.sendBinary(new Uint8Array(500_000));
      await turns(2);
    }
    const before = slow.transport.bufferedAmount;
    for (const [at, prepared] of batchOf(...texts).entries()) {
      for (const { transport } of [slow, fast]) transport.sendPrepared(prepared);
      slow.transport.sendText(`own ${at}`);
    }
    const bytes = texts.reduce((sum, { length }) => sum + length, 0);
    assert.ok(slow.transport.bufferedAmount >= before + bytes);
    await expectTexts(fast, texts);
    slow.peer.goOnReading();
    for (let each = 0; each < filled; each++) assert.equal((await slow.peer.next())[0], "binary");
    await expectTexts(
      slow,
      texts.flatMap((text, at) => [text, `own ${at}`]),
    );
    assert.equal(slow.transport.bufferedAmount, 0);
  });

  test("count as buffered until they have left", async (t) => {
    const { transport, events } = await start(t);
    for (const prepared of batchOf("12345", "12345")) transport.sendPrepared(prepared);
    assert.equal(transport.bufferedAmount, 14);
    transport.sendText("12345");
    assert.equal(transport.bufferedAmount, 21);
    await events.until("drained");
    assert.equal(transport.bufferedAmount, 0);
  });

  test("go out with answers to what came in one read, and before the end", async (t) => {
    const started = await start(t);
    const { transport, peer, events } = started;
    const batch = batchOf(...texts);
    events.onMessage = (message): void => {
      for (const prepared of batch) transport.sendPrepared(prepared);
      transport.sendText(String(message));
    };
    peer.write(Buffer.concat([frameOf(Opcode.text, "one"), frameOf(Opcode.text, "two")]));
    await expectTexts(started, [...texts, "one", ...texts, "two"]);
    for (const prepared of batch) transport.sendPrepared(prepared);
    transport.sendClose(4000, "bye");
    transport.end();
    await expectTexts(started, texts);
    assert.deepEqual(await peer.closed(), [4000, "bye"]);
  });

  test("are never written to, whatever is sent after them", async (t) => {
    const all = [await start(t), await start(t)];
    const batch = batchOf(...texts);
    const before = batch.map(({ frame }) => Buffer.from(frame));
    for (let round = 0; round < 20; round++) {
      for (const prepared of batch) for (const { transport } of all) transport.sendPrepared(prepared);
      for (const { transport } of all) transport.sendBinary(new Uint8Array(3_000).fill(0xff));
      if (round % 3 === 0) await turns(2);
    }
    for (const { peer } of all) while ((await peer.next())[0] === "text");
    for (const [at, { frame }] of batch.entries()) assert.ok(frame.equals(before[at]!));
  });
});
