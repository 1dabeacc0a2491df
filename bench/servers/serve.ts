/**
 * What all server programs have in common: they tell where they listen and what they have used, and compress alike.
 */

import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { answerWithUsage } from "../calls.js";

/** How long freed memory gets to be given back, ms. */
const SETTLE = 150;

/** Whether messages are to be compressed. Else no server is made to, as no client of the load generator offers it. */
export const compression: boolean = process.argv.includes("--compression");

/** From this size on messages are compressed, by all servers where it can be set, in bytes. */
export const COMPRESSION_THRESHOLD = 256;

/** Compression for servers that are made of `ws`: nothing is carried from one message to the next, as in all others. */
export const perMessageDeflate:
  | false
  | {
      readonly serverNoContextTakeover: true;
      readonly clientNoContextTakeover: true;
      readonly threshold: number;
    } = compression && {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  threshold: COMPRESSION_THRESHOLD,
};

/** @param address - of the listening server, as its `address()` gives it */
export function report(address: Pick<AddressInfo, "port"> | string | null): void {
  if (address === null || typeof address === "string")
    throw new Error("expected a server that listens on a port");
  answerWithUsage(async (call) => {
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
