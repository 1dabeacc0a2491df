/** What visitors do, over and over again. */

import type { Visit } from "./visit.js";

export interface Scenario {
  readonly name: string;
  /** How many visitors do it at the same time. */
  readonly visitors: number;
  /** How long each rests between two visits, in milliseconds. */
  readonly rest: number;
  /** One visit. What it throws is an error that nobody expects. */
  readonly visit: (visit: Visit) => Promise<void>;
}
