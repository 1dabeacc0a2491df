import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Opcode } from "jackfield";
import { EventRecorder } from "../connection/transport-contract.js";
import { turns, until } from "../connection/turns.js";
import { frameOf } from "./raw-client.js";
import { tcpPair, type TcpPair, type Way } from "./tcp-pair.js";

const mebibyte = 2 ** 20;

interface Started extends TcpPair {
  readonly events: EventRecorder;
  /** How many bytes each write to the operating system had. */
  readonly writes: readonly number[];
}

/** What the bytes are given to in the end, whether a stream stands before it or not. */
interface Handle {
  writeBuffer(request: object, bytes: Uint8Array): number;
}

let isFirst = true;

/** The first write of a process goes through the stream in any case. */
async function writeFirst(t: TestContext): Promise<void> {
  if (!isFirst) return;
  isFirst = false;
  const { transport, peer } = await tcpPair(t, "shared");
  transport.sendText("first");
  await peer.next();
}

async function start(t: TestContext, way: Way = "shared"): Promise<Started> {
  await writeFirst(t);
  const pair = await tcpPair(t, way);
  const events = new EventRecorder();
  pair.transport.start(events);
  const writes: number[] = [];
  const { socket } = pair;
  const { _handle: handle } = socket as unknown as { readonly _handle: Handle };
  const write = handle.writeBuffer.bind(handle);
  t.mock.method(handle, "writeBuffer", (request: object, bytes: Uint8Array) => {
    if (bytes.length > 0) writes.push(bytes.length);
    return write(request, bytes);
  });
  return { ...pair, events, writes };
}

/** Sends to a peer that does not read until the operating system takes no more. */
async function block({ transport, peer }: Started): Promise<number> {
  peer.stopReading();
  let sent = 0;
  for (; transport.bufferedAmount < mebibyte; sent++) {
    transport.sendBinary(new Uint8Array(500_000));
    await turns(2);
  }
  return sent;
}

describe("writing", { timeout: 30_000 }, () => {
  for (const way of ["shared", "watched", "tls"] as const) {
    test(`100 messages of one turn are one write (${way})`, async (t) => {
      const { transport, peer, writes } = await start(t, way);
      for (let each = 0; each < 100; each++) transport.sendText(`message ${each}`);
      assert.deepEqual(writes, []);
      for (let each = 0; each < 100; each++) assert.deepEqual(await peer.next(), ["text", `message ${each}`]);
      assert.equal(writes.length, 1);
    });
  }

  test("messages of different turns are different writes", async (t) => {
    const { transport, writes } = await start(t);
    for (let each = 0; each < 5; each++) {
      transport.sendText("x");
      await turns(2);
    }
    assert.deepEqual(writes, [3, 3, 3, 3, 3]);
  });

  test("answers to what came in one read go out together, and at once", async (t) => {
    const { transport, peer, events, writes } = await start(t);
    events.onMessage = (message): void => {
      assert.equal(writes.length, 0);
      transport.sendText(String(message));
    };
    peer.write(Buffer.concat(Array.from({ length: 50 }, () => frameOf(Opcode.text, "echo"))));
    for (let each = 0; each < 50; each++) assert.deepEqual(await peer.next(), ["text", "echo"]);
    assert.deepEqual(writes, [50 * 6]);
  });

  test("much of one turn does not wait for its end", async (t) => {
    const { transport, writes } = await start(t);
    for (let each = 0; each < 10; each++) transport.sendBinary(new Uint8Array(20_000));
    assert.ok(writes.length > 0);
    assert.ok(writes.length < 10);
  });

  test("while the operating system takes no more, nothing is given to the stream", async (t) => {
    const started = await start(t);
    await block(started);
    const before = started.writes.length;
    for (let each = 0; each < 1_000; each++) started.transport.sendText("waits");
    await turns(10);
    assert.equal(started.writes.length, before);
    assert.ok(started.socket.writableLength <= 262_144);
  });

  test("what waits needs hardly more memory than its bytes, small messages and large ones", async (t) => {
    const started = await start(t);
    const sent = await block(started);
    const { transport, peer } = started;
    const before = { buffered: transport.bufferedAmount, memory: process.memoryUsage().arrayBuffers };
    const text = "a small message";
    for (let each = 0; each < 100_000; each++) transport.sendText(text);
    for (let each = 0; each < 100; each++) transport.sendBinary(new Uint8Array(40_000).fill(each));
    const buffered = transport.bufferedAmount - before.buffered;
    const memory = process.memoryUsage().arrayBuffers - before.memory;
    assert.equal(buffered, 100_000 * 17 + 100 * 40_004);
    // Garbage of earlier tests may be collected meanwhile, but nothing makes it more.
    assert.ok(memory < 2.5 * buffered + mebibyte, `${memory} bytes for ${buffered}`);
    peer.goOnReading();
    await until(() => peer.notes.length === sent + 100_100);
    assert.equal(peer.notes.filter(([, data]) => data === text).length, 100_000);
    const large = peer.notes.slice(-100).map(([, data]) => (data as Buffer)[39_999]);
    assert.deepEqual(
      large,
      Array.from({ length: 100 }, (_, each) => each),
    );
  });

  test("messages of all sizes that waited come in order and whole", async (t) => {
    const started = await start(t);
    const { transport, peer } = started;
    const sent = await block(started);
    const sizes = Array.from(
      { length: 300 },
      (_, each) => [1, 4_090, 30_000, 65_530, 70_000, 300_000, 0, 125][each % 8]!,
    );
    for (const [each, size] of sizes.entries()) transport.sendBinary(Buffer.alloc(size, each));
    peer.goOnReading();
    for (let each = 0; each < sent; each++) await peer.next();
    for (const [each, size] of sizes.entries()) {
      const [, bytes] = await peer.nextOf("binary");
      assert.ok(bytes.equals(Buffer.alloc(size, each)), `message ${each} of ${size} bytes`);
    }
    await until(() => transport.bufferedAmount === 0);
  });

  for (const way of ["shared", "tls"] as const) {
    test(`a message of 32 MiB comes whole, and leaves no bytes behind (${way})`, async (t) => {
      const { transport, peer, events } = await start(t, way);
      const text = "0123456789abcdef".repeat(2 * mebibyte);
      transport.sendText(text);
      transport.sendText("after it");
      assert.ok((await peer.nextOf("text"))[1] === text);
      assert.deepEqual(await peer.next(), ["text", "after it"]);
      await events.until("drained");
      assert.equal(transport.bufferedAmount, 0);
    });
  }

  test("a peer that hangs up with megabytes waiting ends all of it", async (t) => {
    const started = await start(t);
    await block(started);
    started.peer.reset();
    await started.events.until("closed");
    started.transport.sendText("late");
    await turns(5);
    assert.equal(started.events.all.at(-1)?.[0], "closed");
  });
});
