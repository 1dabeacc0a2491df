/** What the benchmark asks its children. Each first tells its port, then what has been used, whenever it is asked. */

import { answerCalls } from "./answer-calls.js";
import type { LoadPlan } from "./load/plan.js";

export type Call =
  /** What has been used so far. With `collect`, after a garbage collection, so that RSS shows what is held. */
  | { readonly name: "usage"; readonly collect: boolean }
  /** For the load generator: opens connections and starts the load; the reply comes when all are open. */
  | { readonly name: "load"; readonly plan: LoadPlan };

/** What a program has used. */
export interface Resources {
  /** User and system CPU time, µs. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
}

/** What has been used and done until now: the reply to each call. */
export interface Usage extends Resources {
  /** The process's own clock, µs: makes the time that a reply takes through a busy event loop harmless. */
  readonly at: number;
  /** Messages that came back or deliveries, of the load generator; one that came in part counts in part. */
  readonly messages: number;
}

type Prepare = (call: Call) => Promise<{ readonly messages: number }>;

/**
 * Answers calls in this child process.
 *
 * @param prepare - does what the call wants; the reply is what has been used after it
 * @param port - where this process listens, 0 if it does not
 * @param used - tells what has been used; by default, what this process has
 */
export function answerWithUsage(prepare: Prepare, port = 0, used: () => Resources = usedByThisProcess): void {
  answerCalls(port, async (call: Call): Promise<Usage> => {
    const { messages } = await prepare(call);
    return { ...used(), at: performance.now() * 1000, messages };
  });
}

function usedByThisProcess(): Resources {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, rss: process.memoryUsage.rss() };
}
