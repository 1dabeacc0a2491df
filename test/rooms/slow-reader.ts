/** A client that reads nothing more, on a real connection whose buffers are all full. */

import assert from "node:assert/strict";
import type { RawClient, RawClientOptions } from "../node/raw-client.js";
import { turns, until } from "../connection/turns.js";
import { notesUntil, type Ends, type Site } from "./site.js";

/** Small enough to be reached soon, large enough for many messages. */
export const limits = { highWaterMark: 50_000, maxBufferedAmount: 500_000 } as const;

/** The size of messages, and of their frames as a server sends them. */
export const SIZE = 10_000;
export const FRAME: number = SIZE + 4;

/** A text of 10,000 bytes that begins with its number. */
export function numbered(number: number): string {
  return `${number} `.padEnd(SIZE, "x");
}

/** Their numbers; bytes have none. */
export function numbersOf(messages: readonly unknown[]): number[] {
  return messages.filter((message) => typeof message === "string").map((text) => Number.parseInt(text, 10));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

/** Opens a socket for whose client more than the high-water mark waits, on a site with these limits. */
export async function openSlow(
  site: Site,
  name = "slow",
  options: Partial<RawClientOptions> = {},
): Promise<Ends<RawClient>> {
  const ends = await site.openRaw(name, options);
  ends.client.stopReading();
  await fill(ends);
  assert.equal(ends.ws.dropped, 0);
  return ends;
}

/** What the operating system takes grows for a while: full is what stays full. */
async function fill({ ws }: Ends<RawClient>): Promise<void> {
  let sent = 0;
  for (let calm = 0; calm < 20; calm++) {
    while (ws.bufferedAmount <= limits.highWaterMark) {
      void ws.send(new Uint8Array(SIZE), { key: `filler ${sent++}` });
      calm = 0;
      await turns(2);
    }
    await turns();
  }
}

/** The numbers of what a client gets once it reads again, up to now. */
export async function readOn({ ws, client }: Ends<RawClient>): Promise<number[]> {
  client.goOnReading();
  await until(() => ws.bufferedAmount === 0);
  void ws.send("last");
  return numbersOf(await notesUntil(client, "last"));
}
