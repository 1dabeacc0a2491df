/** Families that belong together. */

import type { Family } from "./case.js";
import type { ClientSubject } from "./client-subject.js";
import type { ServerSubject } from "./server-subject.js";

export interface Group {
  readonly name: string;
  /** What they are about, such as "RFC 6455 §5.2". */
  readonly section: string;
  readonly server: readonly Family<ServerSubject>[];
  readonly client: readonly Family<ClientSubject>[];
}

/** The title of each family by its id, whichever role it is about. */
export function titlesIn({ server, client }: Group): ReadonlyMap<string, string> {
  return new Map([...server, ...client].map(({ id, title }) => [id, title]));
}

/** Families that say the same of both roles. */
export function both(name: string, section: string, families: readonly Family[]): Group {
  return { name, section, server: families, client: families };
}
