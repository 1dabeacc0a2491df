/**
 * What all server programs have in common: they tell where they listen and what they have used.
 */

import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { answerCalls } from "../calls.js";

/** How long freed memory gets to be given back, ms. */
const SETTLE = 150;

/** @param address - of the listening server, as its `address()` gives it */
export function report(address: AddressInfo | string | null): void {
  if (address === null || typeof address === "string")
    throw new Error("expected a server that listens on a port");
  answerCalls(async (call) => {
    if (call.name === "usage" && call.collect) await collectGarbage();
    return { messages: 0 };
  }, address.port);
}

/** Twice, as the first round frees native objects whose memory only the second one can give back. */
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await wait(SETTLE);
  }
}
