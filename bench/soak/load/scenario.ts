/** What visitors do, over and over again. */

import type { Visit } from "./visit.js";

export interface Scenario {
  readonly name: string;
  /** Whether all its connections are over TLS. @default false */
  readonly secure?: boolean;
  /** How many visitors do it at the same time. */
  readonly visitors: number;
  /** How long each rests between two visits, in milliseconds. */
  readonly rest: number;
  /** One visit. What it throws is an error that nobody expects. */
  readonly visit: (visit: Visit) => Promise<void>;
}

/** The same over TLS, by one visitor each. */
export function overTls(scenarios: readonly Scenario[]): readonly Scenario[] {
  return scenarios.map((each) => ({ ...each, name: `${each.name} over TLS`, secure: true, visitors: 1 }));
}
