/** What every transport must do: the contract is written down in `src/connection/transport.ts`. */

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, test, type TestContext } from "node:test";
import { CloseCode, type Failure } from "#src/protocol/close-code.js";
import { Opcode } from "#src/protocol/opcode.js";
import type { Message, Transport, TransportEvents } from "#src/connection/transport.js";
import type { Note } from "../node/raw-client.js";
import { heldEndTests } from "./held-end-contract.js";
import { turns, until } from "./turns.js";

/** The other end of a transport. It answers pings and close frames. */
export interface TransportPeer {
  text(text: string): void;
  binary(bytes: Uint8Array): void;
  frame(opcode: number, payload?: string | Uint8Array, fin?: boolean, compressed?: boolean): void;
  /** Sends a close frame; without a code, one without a payload. */
  sendClose(code?: number, reason?: string): void;
  stopReading(): void;
  goOnReading(): void;
  /** Sends no more, without a close frame. */
  end(): void;
  /** Hangs up. */
  drop(): void;
  /** Hangs up with a reset, where there is one. */
  reset(): void;
  /** Waits for what comes next. */
  next(): Promise<Note>;
  nextOf<Kind extends Note[0]>(kind: Kind): Promise<Extract<Note, readonly [Kind, ...unknown[]]>>;
  gone(): Promise<unknown>;
  readonly notes: readonly Note[];
}

export interface TransportPair {
  /** Not started yet. */
  readonly transport: Transport;
  readonly peer: TransportPeer;
}

export interface TransportKind {
  /** Makes two connected ends, and sees to it that nothing is left of them after the test. */
  makePair(t: TestContext): Promise<TransportPair>;
  /** Whether it knows of a message that came in part only. @default true */
  readonly seesParts?: boolean;
  /** Whether the peer may send compressed messages. @default false */
  readonly inflates?: boolean;
}

type Event =
  | readonly ["message", Message]
  | readonly ["pong", Buffer]
  | readonly ["closing", code: number, reason: string]
  | readonly ["failed", code: number]
  | readonly ["ended" | "ending" | "drained" | "closed"];

/** Notes what a transport tells. */
export class EventRecorder implements TransportEvents {
  readonly all: Event[] = [];
  readonly messages: Message[] = [];
  onMessage: ((message: Message) => void) | undefined;
  /** What a connection does when the peer has ended. */
  onEnd: (() => void) | undefined;

  of<Kind extends Event[0]>(kind: Kind): readonly Extract<Event, readonly [Kind, ...unknown[]]>[] {
    return this.all.filter((event) => event[0] === kind) as never;
  }

  async untilMessages(count: number): Promise<Message[]> {
    await until(() => this.messages.length >= count);
    return this.messages;
  }

  async until(kind: Event[0]): Promise<void> {
    await until(() => this.all.some((event) => event[0] === kind));
  }

  message(message: Message): void {
    this.all.push(["message", message]);
    this.messages.push(message);
    this.onMessage?.(message);
  }

  pong(payload: Uint8Array): void {
    this.all.push(["pong", Buffer.from(payload)]);
  }

  closing(code: number, reason: string): void {
    this.all.push(["closing", code, reason]);
    this.onEnd?.();
  }

  failed(failure: Failure): void {
    this.all.push(["failed", failure.code]);
  }

  ended(): void {
    this.all.push(["ended"]);
    this.onEnd?.();
  }

  ending(): void {
    this.all.push(["ending"]);
  }

  drained(): void {
    this.all.push(["drained"]);
  }

  closed(): void {
    this.all.push(["closed"]);
  }
}

/** Enough turns for anything that should not come to come all the same. */
const A_WHILE = 20;

/** Of every size at which the framing or the buffers change their ways. */
const SIZES = [0, 1, 2, 125, 126, 4_081, 4_082, 4_083, 65_521, 65_522, 65_535, 65_536, 262_144, 300_001];

/** Of a length that is a multiple of nothing, so that a part in a wrong place shows. */
const PATTERN = Uint8Array.from({ length: 251 }, (_, at) => 255 - at);

function someBytes(size: number): Buffer {
  return Buffer.alloc(size, PATTERN);
}

const TEXTS = ["", "a", "grüße", "x".repeat(41), "ü".repeat(41), "€".repeat(42), "🔌".repeat(30_000)];

export interface Started extends TransportPair {
  readonly events: EventRecorder;
}

/** Fills all buffers on the way to a peer that does not read. */
async function fillUp({ transport, peer }: TransportPair): Promise<number> {
  peer.stopReading();
  const part = new Uint8Array(1_000_000);
  let sent = 0;
  for (; sent < 200 && transport.bufferedAmount < 4_000_000; sent++) {
    transport.sendBinary(part);
    await turns(2);
  }
  return sent;
}

export function transportContract(name: string, kind: TransportKind): void {
  async function start(t: TestContext): Promise<Started> {
    const events = new EventRecorder();
    const { transport, peer } = await kind.makePair(t);
    events.onEnd = (): void => transport.end();
    transport.start(events);
    return { transport, peer, events };
  }

  describe(`the transport contract: ${name}`, { timeout: 90_000 }, () => {
    describe("messages", () => messageTests(start));
    describe("pausing", () => pauseTests(start));
    describe("control frames", () => controlTests(start));
    describe("back-pressure", () => backPressureTests(start));
    describe("the end", () => endTests(start));
    describe("the end, while something is held", () => heldEndTests(start, kind));
    describe("a handler that acts before the start", () => earlyTests(kind));
    test("hostile 85: what it tells is told in its own async context", (t) => tellsInItsContext(t, kind));
    describe("signs of life", () => lifeTests(start, kind.seesParts ?? true));
  });
}

export type Start = (t: TestContext) => Promise<Started>;

/** Whoever has it do something: in whose context that is, is nothing to those who are told. */
async function tellsInItsContext(t: TestContext, kind: TransportKind): Promise<void> {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  class ContextRecorder extends EventRecorder {
    override closed(): void {
      seen.push(storage.getStore());
      super.closed();
    }
  }
  const events = new ContextRecorder();
  events.onMessage = () => void seen.push(storage.getStore());
  const { transport, peer } = await kind.makePair(t);
  storage.run("another", () => transport.pause());
  transport.start(events);
  for (const size of SIZES) peer.binary(someBytes(size));
  await turns(A_WHILE);
  storage.run("another", () => transport.resume());
  await events.untilMessages(SIZES.length);
  storage.run("another", () => transport.terminate());
  await until(() => events.of("closed").length > 0);
  assert.deepEqual(new Set(seen), new Set([undefined]));
}

function messageTests(start: Start): void {
  test("messages of all sizes come in their order, unchanged", async (t) => {
    const { peer, events } = await start(t);
    for (const size of SIZES) peer.binary(someBytes(size));
    for (const text of TEXTS) peer.text(text);
    const messages = await events.untilMessages(SIZES.length + TEXTS.length);
    assert.deepEqual(messages, [...SIZES.map(someBytes), ...TEXTS]);
  });

  test("messages of all sizes are sent in their order, unchanged", async (t) => {
    const { transport, peer } = await start(t);
    for (const size of SIZES) transport.sendBinary(someBytes(size));
    for (const text of TEXTS) transport.sendText(text);
    for (const size of SIZES) assert.deepEqual(await peer.next(), ["binary", someBytes(size)]);
    for (const text of TEXTS) assert.deepEqual(await peer.next(), ["text", text]);
  });

  test("binary is bytes, empty binary too, and text is a string, empty text too", async (t) => {
    const { peer, events } = await start(t);
    peer.binary(Buffer.of());
    peer.text("");
    const [binary, text] = await events.untilMessages(2);
    assert.ok(binary instanceof Uint8Array);
    assert.equal(text, "");
  });

  test("a message that was received is nobody else's: it stays as it is when more comes", async (t) => {
    const { peer, events } = await start(t);
    for (let each = 0; each < 100; each++) peer.binary(Buffer.alloc(1_000, each));
    const messages = await events.untilMessages(100);
    for (const [each, message] of messages.entries()) assert.deepEqual(message, Buffer.alloc(1_000, each));
  });

  test("the bytes of a message are copied before sendBinary returns", async (t) => {
    const { transport, peer } = await start(t);
    for (const size of SIZES.slice(1)) {
      const bytes = Buffer.alloc(size, "a");
      transport.sendBinary(bytes);
      bytes.fill("z");
    }
    for (const size of SIZES.slice(1))
      assert.deepEqual(await peer.next(), ["binary", Buffer.alloc(size, "a")]);
  });

  test("the bytes of a frame are copied before sendFrame returns", async (t) => {
    const { transport, peer } = await start(t);
    const bytes = Buffer.from("begin");
    transport.sendFrame(Opcode.text, bytes, false);
    bytes.fill("z");
    transport.sendFrame(Opcode.continuation, Buffer.from(" and end"), true);
    assert.deepEqual(await peer.next(), ["text", "begin and end"]);
  });

  test("frames make one message, and those of text make text", async (t) => {
    const { transport, peer } = await start(t);
    transport.sendFrame(Opcode.binary, Buffer.of(1, 2), false);
    transport.sendFrame(Opcode.continuation, Buffer.of(), false);
    transport.sendFrame(Opcode.continuation, Buffer.of(3), true);
    transport.sendFrame(Opcode.text, Buffer.from("whole"), true);
    assert.deepEqual(await peer.next(), ["binary", Buffer.of(1, 2, 3)]);
    assert.deepEqual(await peer.next(), ["text", "whole"]);
  });

  test("what is sent in one turn and in many comes in the same order", async (t) => {
    const { transport, peer } = await start(t);
    for (let each = 0; each < 200; each++) {
      transport.sendText(String(each));
      if (each % 7 === 0) await turns();
    }
    for (let each = 0; each < 200; each++) assert.deepEqual(await peer.next(), ["text", String(each)]);
  });
}

function pauseTests(start: Start): void {
  const count = 1_000;
  const expected = Array.from({ length: count }, (_, each) => `message ${each}`);

  test("a pause in the middle of many messages loses none, and keeps their order", async (t) => {
    const { transport, peer, events } = await start(t);
    events.onMessage = (message): void => {
      if (message === "message 100") transport.pause();
    };
    for (const text of expected) peer.text(text);
    await until(() => events.messages.length > 100);
    await turns(A_WHILE);
    assert.ok(events.messages.length < count, "the pause holds nothing back");
    transport.resume();
    assert.deepEqual(await events.untilMessages(count), expected);
  });

  test("pausing at every seventh message loses none, and keeps their order", async (t) => {
    const { transport, peer, events } = await start(t);
    let seen = 0;
    events.onMessage = (): void => {
      if (++seen % 7 !== 0) return;
      transport.pause();
      setImmediate(() => transport.resume());
    };
    for (const text of expected) peer.text(text);
    assert.deepEqual(await events.untilMessages(count), expected);
  });

  test("a pause that is taken back at once, inside of a message, holds nothing up", async (t) => {
    const { transport, peer, events } = await start(t);
    events.onMessage = (): void => {
      transport.pause();
      transport.resume();
    };
    for (const text of expected) peer.text(text);
    assert.deepEqual(await events.untilMessages(count), expected);
  });

  test("nothing comes to one that paused at the start, until it resumes", async (t) => {
    const { transport, peer, events } = await start(t);
    transport.pause();
    peer.text("early");
    await turns(A_WHILE);
    assert.deepEqual(events.messages, []);
    transport.resume();
    assert.deepEqual(await events.untilMessages(1), ["early"]);
  });

  test("pause and resume done twice count once", async (t) => {
    const { transport, peer, events } = await start(t);
    transport.pause();
    transport.pause();
    peer.text("one");
    transport.resume();
    transport.resume();
    assert.deepEqual(await events.untilMessages(1), ["one"]);
  });

  test("sending goes on during a pause", async (t) => {
    const { transport, peer } = await start(t);
    transport.pause();
    transport.sendText("all the same");
    assert.deepEqual(await peer.next(), ["text", "all the same"]);
  });

  test("what came before a pause and the peer's end still comes after it", async (t) => {
    const { transport, peer, events } = await start(t);
    transport.pause();
    peer.text("last words");
    peer.sendClose(1000, "bye");
    await turns(A_WHILE);
    transport.resume();
    await events.until("closing");
    assert.deepEqual(events.messages, ["last words"]);
  });
}

function controlTests(start: Start): void {
  test("a ping is answered with a pong of the same payload, and is no event", async (t) => {
    const { peer, events } = await start(t);
    peer.frame(Opcode.ping, "are you there?");
    peer.frame(Opcode.ping, "");
    assert.deepEqual(await peer.next(), ["pong", Buffer.from("are you there?")]);
    assert.deepEqual(await peer.next(), ["pong", Buffer.of()]);
    assert.deepEqual(events.messages, []);
    assert.deepEqual(events.of("pong"), []);
  });

  test("a pong is told with its payload", async (t) => {
    const { transport, events } = await start(t);
    transport.sendFrame(Opcode.ping, Buffer.of(1, 2, 3), true);
    await events.until("pong");
    assert.deepEqual(events.of("pong"), [["pong", Buffer.of(1, 2, 3)]]);
  });

  for (const [code, reason] of [
    [1000, ""],
    [1001, "going"],
    [4999, "ü".repeat(61)],
  ] as const) {
    test(`a close frame of the peer with ${code} is told with its code and reason`, async (t) => {
      const { peer, events } = await start(t);
      peer.sendClose(code, reason);
      await events.until("closing");
      assert.deepEqual(events.of("closing"), [["closing", code, reason]]);
    });

    test(`a close frame with ${code} is sent with its code and reason`, async (t) => {
      const { transport, peer } = await start(t);
      transport.sendClose(code, reason);
      assert.deepEqual(await peer.next(), ["close", code, reason]);
    });
  }

  test("a close frame without a code is told as 1005", async (t) => {
    const { peer, events } = await start(t);
    peer.sendClose();
    await events.until("closing");
    assert.deepEqual(events.of("closing"), [["closing", CloseCode.noStatusReceived, ""]]);
  });

  test("a close frame can be sent without a code", async (t) => {
    const { transport, peer } = await start(t);
    transport.sendClose(undefined, "");
    assert.deepEqual(await peer.next(), ["close", CloseCode.noStatusReceived, ""]);
  });

  test("no message and no second close frame comes after the first one", async (t) => {
    const { peer, events } = await start(t);
    peer.text("before");
    peer.sendClose(1000, "first");
    peer.text("behind");
    peer.sendClose(1001, "second");
    await events.until("closing");
    await turns(A_WHILE);
    assert.deepEqual(events.messages, ["before"]);
    assert.deepEqual(events.of("closing"), [["closing", 1000, "first"]]);
  });
}

function backPressureTests(start: Start): void {
  test("drained is told when all has gone out, and then nothing is buffered", async (t) => {
    const { transport, events } = await start(t);
    events.all.length = 0;
    transport.sendText("out");
    assert.ok(transport.bufferedAmount > 0);
    await events.until("drained");
    assert.equal(transport.bufferedAmount, 0);
  });

  test("what a peer that does not read leaves is buffered, and drained once it reads", async (t) => {
    const { transport, peer, events } = await start(t);
    const sent = await fillUp({ transport, peer });
    assert.ok(transport.bufferedAmount >= 4_000_000, `only ${transport.bufferedAmount} bytes are buffered`);
    events.all.length = 0;
    await turns(A_WHILE);
    assert.deepEqual(events.of("drained"), []);
    peer.goOnReading();
    await events.until("drained");
    assert.equal(transport.bufferedAmount, 0);
    for (let each = 0; each < sent; each++) assert.equal((await peer.next())[0], "binary");
  });

  for (const size of [70_000, 262_144, 300_000, 1_000_000, 5_000_000]) {
    test(`drained comes again and again for messages of ${size} bytes`, async (t) => {
      const { transport, peer, events } = await start(t);
      for (let each = 0; each < 3; each++) {
        events.all.length = 0;
        transport.sendBinary(new Uint8Array(size));
        if (transport.bufferedAmount > 0) await events.until("drained");
        assert.equal(transport.bufferedAmount, 0);
      }
      for (let each = 0; each < 3; each++) await peer.nextOf("binary");
    });
  }
}

function endTests(start: Start): void {
  test("end() comes after everything that was sent", async (t) => {
    const { transport, peer, events } = await start(t);
    for (let each = 0; each < 50; each++) transport.sendBinary(Buffer.alloc(50_000, each));
    transport.sendClose(1000, "bye");
    transport.end();
    for (let each = 0; each < 50; each++)
      assert.deepEqual(await peer.next(), ["binary", Buffer.alloc(50_000, each)]);
    assert.deepEqual(await peer.next(), ["close", 1000, "bye"]);
    await peer.gone();
    await events.until("closed");
  });

  test("end() waits for a peer that does not read for a while", async (t) => {
    const { transport, peer, events } = await start(t);
    const sent = await fillUp({ transport, peer });
    transport.sendText("the last one");
    transport.sendClose(1000, "");
    transport.end();
    await turns(A_WHILE);
    peer.goOnReading();
    for (let each = 0; each < sent; each++) assert.equal((await peer.next())[0], "binary");
    assert.deepEqual(await peer.next(), ["text", "the last one"]);
    assert.deepEqual(await peer.next(), ["close", 1000, ""]);
    await events.until("closed");
  });

  test("end() done twice ends once", async (t) => {
    const { transport, peer, events } = await start(t);
    transport.end();
    transport.end();
    await peer.gone();
    await events.until("closed");
    await turns(A_WHILE);
    assert.deepEqual(events.of("closed"), [["closed"]]);
  });

  test("terminate() ends it at once for both sides", async (t) => {
    const { transport, peer, events } = await start(t);
    transport.terminate();
    await events.until("closed");
    await peer.gone();
  });

  test("terminate() does not wait for a peer that does not read", async (t) => {
    const { transport, peer, events } = await start(t);
    await fillUp({ transport, peer });
    transport.terminate();
    await events.until("closed");
  });

  test("terminate() inside of a message ends the delivery", async (t) => {
    const { transport, peer, events } = await start(t);
    events.onMessage = (): void => transport.terminate();
    peer.text("one");
    await events.until("closed");
    await turns(A_WHILE);
    assert.equal(events.all.at(-1)?.[0], "closed");
  });

  test("closed() comes exactly once, and last, when the peer hangs up", async (t) => {
    const { peer, events } = await start(t);
    for (let each = 0; each < 100; each++) peer.text(String(each));
    peer.drop();
    await events.until("closed");
    await turns(A_WHILE);
    assert.equal(events.of("closed").length, 1);
    assert.equal(events.all.at(-1)?.[0], "closed");
  });

  test("closed() comes exactly once after terminate(), end() and the peer's end", async (t) => {
    const { transport, peer, events } = await start(t);
    transport.end();
    transport.terminate();
    transport.terminate();
    peer.drop();
    await events.until("closed");
    await turns(A_WHILE);
    assert.deepEqual(events.of("closed"), [["closed"]]);
  });

  test("closed() never comes inside of terminate()", async (t) => {
    const { transport, events } = await start(t);
    transport.terminate();
    assert.deepEqual(events.of("closed"), []);
    await events.until("closed");
  });

  for (const when of ["while it ends", "after the end"] as const) {
    test(`${when}, every method does nothing and throws nothing`, async (t) => {
      const { transport, events } = await start(t);
      transport.terminate();
      if (when === "after the end") await events.until("closed");
      const told = events.all.length;
      transport.sendText("text");
      transport.sendText("long".repeat(50_000));
      transport.sendBinary(new Uint8Array(300_000));
      transport.sendFrame(Opcode.ping, new Uint8Array(0), true);
      transport.sendFrame(Opcode.text, new Uint8Array(1), false);
      transport.sendClose(1000, "");
      transport.pause();
      transport.resume();
      transport.end();
      transport.terminate();
      assert.equal(typeof transport.bufferedAmount, "number");
      assert.equal(transport.progress, undefined);
      await events.until("closed");
      await turns(A_WHILE);
      const late = events.all
        .slice(told)
        .map(([kind]) => kind)
        .filter((kind) => kind !== "drained");
      assert.deepEqual(late, when === "after the end" ? [] : ["closed"]);
    });
  }
}

function earlyTests(kind: TransportKind): void {
  test("what it sends goes out", async (t) => {
    const { transport, peer } = await kind.makePair(t);
    transport.sendText("first");
    transport.start(new EventRecorder());
    assert.deepEqual(await peer.next(), ["text", "first"]);
  });

  test("what it ends is ended, and told after the start", async (t) => {
    const { transport, peer } = await kind.makePair(t);
    const events = new EventRecorder();
    transport.terminate();
    transport.start(events);
    await events.until("closed");
    await peer.gone();
    assert.deepEqual(events.all, [["closed"]]);
  });
}

function lifeTests(start: Start, seesParts: boolean): void {
  test("activity changes when something comes, and not otherwise", async (t) => {
    const { transport, peer, events } = await start(t);
    await turns(A_WHILE);
    const before = transport.activity;
    await turns(A_WHILE);
    assert.equal(transport.activity, before);
    peer.text("alive");
    await events.untilMessages(1);
    assert.notEqual(transport.activity, before);
  });

  test("activity changes with a pong", async (t) => {
    const { transport, events } = await start(t);
    await turns(A_WHILE);
    transport.sendFrame(Opcode.ping, new Uint8Array(0), true);
    const before = transport.activity;
    await events.until("pong");
    assert.notEqual(transport.activity, before);
  });

  test("activity changes when a slow peer takes what waits for it", async (t) => {
    const { transport, peer, events } = await start(t);
    await fillUp({ transport, peer });
    await turns(A_WHILE);
    const before = transport.activity;
    peer.goOnReading();
    await events.until("drained");
    await until(() => transport.bufferedAmount === 0);
    assert.notEqual(transport.activity, before);
  });

  test("there is no progress between messages", async (t) => {
    const { transport, peer, events } = await start(t);
    assert.equal(transport.progress, undefined);
    peer.text("whole");
    await events.untilMessages(1);
    assert.equal(transport.progress, undefined);
  });

  if (!seesParts) return;
  test("progress changes with each part of a message, and ends with it", async (t) => {
    const { transport, peer, events } = await start(t);
    const seen = new Set<number | undefined>();
    for (const opcode of [Opcode.text, Opcode.continuation, Opcode.continuation]) {
      const before = transport.progress;
      peer.frame(opcode, "part", false);
      await until(() => transport.progress !== before);
      seen.add(transport.progress);
    }
    assert.equal(seen.size, 3);
    assert.ok(!seen.has(undefined));
    peer.frame(Opcode.continuation, "end", true);
    await events.untilMessages(1);
    assert.equal(transport.progress, undefined);
  });
}
