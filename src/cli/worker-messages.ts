/** What the supervisor and a worker process tell each other. */

import type { RunSettings } from "./run-options.js";
import type { ServingFacts } from "./serving.js";

/** The variable of the environment in which a worker finds its order, as JSON. */
export const ORDER = "JACKFIELD_WORKER_ORDER";

/** What a worker is to serve. */
export interface WorkerOrder {
  /** `module[:export]` */
  readonly module: string;
  /** Where the module is looked for. */
  readonly folder: string;
  readonly settings: RunSettings;
  /** Which worker it is, from 1. */
  readonly worker: number;
  /** Distinguishes this code from what it was before a reload. */
  readonly generation: string;
}

/** The name of what is ours: the app may use the channel, too, and for anything. */
const ENVELOPE = "jackfield worker";

/** As what a message goes over the channel. */
export function enclose(message: WorkerMessage | EndMessage): object {
  return { [ENVELOPE]: message };
}

/** The message that came, or `undefined` if it is none of ours. */
export function enclosedIn(arrival: unknown): WorkerMessage | EndMessage | undefined {
  if (typeof arrival !== "object" || arrival === null) return undefined;
  return (arrival as { readonly [ENVELOPE]?: WorkerMessage | EndMessage })[ENVELOPE];
}

/** What a worker tells. */
export type WorkerMessage =
  | { readonly type: "ready"; readonly facts: ServingFacts }
  | { readonly type: "failed"; readonly sentence: string; readonly details: string | undefined };

/** What a worker is told: to end. */
export interface EndMessage {
  readonly type: "end";
  /** Whether it ends since the app is loaded anew. */
  readonly reloads: boolean;
}

/** Nobody should wait for long to see what was changed; in milliseconds. */
const RELOAD_GRACE = 500;

/** How long handlers and requests may take to finish at the end of a worker, in milliseconds. */
export function graceAtEnd({ grace }: RunSettings, reloads: boolean): number {
  return reloads ? Math.min(grace, RELOAD_GRACE) : grace;
}
