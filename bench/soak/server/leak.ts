/** Leaks on purpose, one for each request, so that the verdict is shown to find them. */

import { openSync } from "node:fs";

const leaks: Readonly<Record<string, () => unknown>> = {
  memory: () => Array.from({ length: 10_000 }, () => 0),
  timers: () => setInterval(() => undefined, 60_000),
  descriptors: () => openSync("/dev/null", "r"),
};

/** What was leaked stays reachable here. */
const kept: unknown[] = [];

/**
 * What leaves something behind with each call.
 *
 * @param kind - `memory`, `timers` or `descriptors`; without it, nothing leaks
 * @throws {Error} if there is no such leak
 */
export function leakOf(kind: string | undefined): () => void {
  if (kind === undefined) return () => undefined;
  const leak = leaks[kind];
  if (leak === undefined) {
    const known = Object.keys(leaks).join(", ");
    throw new Error(`expected JACKFIELD_SOAK_LEAK to be one of ${known}, not "${kind}"`);
  }
  return () => void kept.push(leak());
}
