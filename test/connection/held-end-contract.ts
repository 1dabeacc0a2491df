/** What every transport must do when the peer ends while something that it sent before is still held back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { Opcode } from "#src/protocol/opcode.js";
import type { Message } from "#src/connection/transport.js";
import type { EventRecorder, Start, Started, TransportKind, TransportPeer } from "./transport-contract.js";
import { turns } from "./turns.js";

/** Enough turns for anything that should not come to come all the same. */
const A_WHILE = 20;

/** The ways in which a peer can leave, and what the transport has to tell of it. */
const leaving = {
  "a close frame and a FIN": (peer) => {
    peer.sendClose(4000, "bye");
    peer.end();
  },
  "a close frame": (peer) => peer.sendClose(4000, "bye"),
  "a FIN": (peer) => peer.end(),
  "a reset": (peer) => peer.reset(),
} satisfies Record<string, (peer: TransportPeer) => void>;

type Leaving = keyof typeof leaving;

const tenTexts = Array.from({ length: 10 }, (_, each) => `${each}`);

/** Fits no inflating that is done at once. */
const LARGE_TEXT = "large, and to be inflated in a thread ".repeat(5_000);

function sendDeflated(peer: TransportPeer, text: string): void {
  const deflated = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  peer.frame(Opcode.text, deflated.subarray(0, -4), true, true);
}

export function heldEndTests(start: Start, { inflates = false }: TransportKind): void {
  for (const [how, leave] of Object.entries(leaving)) {
    test(`hostile 79: what a pause holds is delivered before ${how}`, async (t) => {
      const { transport, peer, events } = await start(t);
      events.onMessage = (message): void => {
        if (message === "2") transport.pause();
      };
      for (const text of tenTexts) peer.text(text);
      if (how === "a reset") await events.untilMessages(3); // it would overtake what was not written out
      leave(peer);
      await events.untilMessages(3);
      await turns(A_WHILE);
      assert.ok(events.messages.length < 10, "the pause holds nothing back");
      assert.deepEqual(events.of("closed"), []);
      transport.resume();
      await events.until("closed");
      assert.deepEqual(events.messages, tenTexts);
      assertEnd(events, how as Leaving);
    });

    if (!inflates) continue;
    test(`hostile 79: what is being inflated, and what follows it, is delivered before ${how}`, async (t) => {
      const { peer, events } = await start(t);
      sendDeflated(peer, LARGE_TEXT);
      peer.text("behind it");
      await turns(2);
      leave(peer);
      await events.until("closed");
      assert.deepEqual(events.messages.map(lengthOf), [LARGE_TEXT.length, "behind it".length]);
      assertEnd(events, how as Leaving);
    });
  }

  test("hostile 79: a consumer that never goes on is rid of the connection by terminate()", async (t) => {
    const { transport, peer, events } = await start(t);
    events.onMessage = (): void => transport.pause();
    for (const text of tenTexts) peer.text(text);
    await events.untilMessages(1);
    peer.reset();
    await turns(A_WHILE);
    transport.terminate();
    await events.until("closed");
    await turns(A_WHILE);
    assert.deepEqual(events.messages, ["0"]);
    assertLast(events);
  });

  test("hostile 79: in any order of data, pauses and ends", { timeout: 25_000 }, async (t) => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.nat(300).map((size) => ({ kind: "send", size }) as const) },
      fc.constant({ kind: "send", size: 70_000 } as const),
      ...(inflates ? [fc.constant({ kind: "deflated" } as const)] : []),
      fc.constantFrom({ kind: "pause" } as const, { kind: "resume" } as const),
      fc.nat(3).map((count) => ({ kind: "wait", count }) as const),
    );
    const how = fc.constantFrom(...(Object.keys(leaving) as Leaving[]));
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      how,
      fc.nat(5),
      async (steps, how, wait) => {
        const started = await start(t);
        const sent = await play(started, steps);
        leaving[how](started.peer);
        await turns(wait);
        started.transport.resume();
        const { events } = started;
        await events.until("closed");
        // A reset overtakes what still lies at the peer's side.
        const count = how === "a reset" ? events.messages.length : sent.length;
        assert.equal(events.messages.length, count);
        assert.ok(events.messages.every((message, at) => message === sent[at]));
        assertEnd(events, how);
      },
    );
    await fc.assert(property, { numRuns: 25, endOnFailure: true });
  });
}

function lengthOf(message: Message): number {
  return message.length;
}

type Step =
  | { readonly kind: "send"; readonly size: number }
  | { readonly kind: "deflated" | "pause" | "resume" }
  | { readonly kind: "wait"; readonly count: number };

/** @returns what the peer has sent */
async function play({ transport, peer }: Started, steps: readonly Step[]): Promise<string[]> {
  const sent: string[] = [];
  for (const step of steps) {
    if (step.kind === "pause") transport.pause();
    else if (step.kind === "resume") transport.resume();
    else if (step.kind === "wait") await turns(step.count);
    else {
      const text =
        step.kind === "send" ? `${sent.length} `.repeat(step.size) : `${sent.length} ${LARGE_TEXT}`;
      if (step.kind === "send") peer.text(text);
      else sendDeflated(peer, text);
      sent.push(text);
    }
  }
  return sent;
}

/** A close frame is told and nothing else, and so is the end of the stream. */
function assertEnd(events: EventRecorder, how: Leaving): void {
  const told = [events.of("closing").length, events.of("ended").length, events.of("failed").length];
  if (how !== "a reset") assert.deepEqual(told, how === "a FIN" ? [0, 1, 0] : [1, 0, 0]);
  assertLast(events);
}

function assertLast(events: EventRecorder): void {
  assert.equal(events.of("closed").length, 1);
  assert.equal(events.all.at(-1)?.[0], "closed");
}
