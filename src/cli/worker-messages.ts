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
}

/** What a worker tells. */
export type WorkerMessage =
  | { readonly type: "ready"; readonly facts: ServingFacts }
  | { readonly type: "failed"; readonly sentence: string; readonly details: string | undefined };

/** What a worker is told: to end gracefully. */
export interface EndMessage {
  readonly type: "end";
}
