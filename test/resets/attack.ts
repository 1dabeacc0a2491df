/** Runs a storm against a server process, and compares what the server says before it and when all is over. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../../bench/child.js";
import { frameworks } from "../arbiter/apps.js";
import type { Ports, Question, ResetFacts } from "./facts.js";
import type { Storm } from "./storm.js";

export const subjects = [...frameworks, "acceptUpgrade"] as const;

export interface Attack {
  readonly subject: (typeof subjects)[number];
  /** Whether another listener shares the server. */
  readonly isShared: boolean;
  readonly connections: number;
  readonly seed: number;
  /** Whether connections that nobody counts any more, and their descriptors, count here: see `npm run resets`. @default true */
  readonly countsConnections?: boolean;
}

const CONCURRENCY = 100;

/** How long the server may take until all is over, in milliseconds: longer than any of its deadlines. */
const SETTLING = 40_000;

/** From when on connections are ended of which Node itself waits for the rest of a request, in milliseconds. */
const PATIENCE = 6_000;

/** @throws {Error} if the server's process ends, or something of the connections is left */
export async function attack({
  subject,
  isShared,
  connections,
  seed,
  countsConnections = true,
}: Attack): Promise<void> {
  const server = new Child<Ports, Question, ResetFacts>(subject, new URL("server.js", import.meta.url), {
    args: [subject, isShared ? "shared" : "alone"],
  });
  try {
    const ports = await server.ready;
    // What Node and the framework make once, is there afterwards.
    await run({ ports, connections: CONCURRENCY, concurrency: CONCURRENCY, seed: seed + 1 });
    const before = await settled(server);
    await run({ ports, connections, concurrency: CONCURRENCY, seed });
    const after = await settled(server);
    const { connections: open, descriptors } = countsConnections ? after : before;
    assert.deepEqual({ ...after, connections: open, descriptors }, before);
  } finally {
    await server.stop();
  }
}

/** Runs a storm in a process of its own. Not every client's socket under TLS is closed as it should be, but by then it is. */
async function run(storm: Storm): Promise<void> {
  const load = new Child<null, Storm, void>("load", new URL("load.js", import.meta.url));
  try {
    await load.ready;
    await load.call(storm);
  } finally {
    await load.stop();
  }
}

/** Asks until nothing is connected any more. */
async function settled(server: Child<Ports, Question, ResetFacts>): Promise<ResetFacts> {
  const began = performance.now();
  for (;;) {
    const waited = performance.now() - began;
    const facts = await server.call(waited < PATIENCE ? "facts" : "facts without unfinished requests");
    const isOver = facts.connections === 0 && facts.counted === 0 && facts.deadlines === 0;
    if (isOver || waited > SETTLING) return facts;
    await sleep(100);
  }
}
