/** Cases that belong together. */

import type { Case } from "./case.js";
import type { ClientSubject } from "./client-subject.js";
import type { ServerSubject } from "./server-subject.js";

export interface Group {
  readonly name: string;
  readonly server: readonly Case<ServerSubject>[];
  readonly client: readonly Case<ClientSubject>[];
}

/** Cases that say the same of both roles. */
export function both(name: string, cases: readonly Case[]): Group {
  return { name, server: cases, client: cases };
}
