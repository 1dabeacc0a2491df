/** Runs a case, on an endpoint under test of its own, within a time. */

import type { Role } from "#src/protocol/opcode.js";
import type { Case, Family } from "./case.js";
import { ClientSubject } from "./client-subject.js";
import { groups } from "./groups.js";
import { ServerSubject, type ServerProcess } from "./server-subject.js";
import type { Subject } from "./subject.js";

/** A case that can be run: which endpoint it needs does not matter any more. */
export interface Trial {
  readonly role: Role;
  /** The id of its family. */
  readonly family: string;
  readonly id: string;
  readonly sentence: string;
  /** @throws if the endpoint under test doesn't conform */
  readonly run: () => Promise<void>;
}

/** In milliseconds; a machine may be busy. */
const DEADLINE = 60_000;

export function serverTrials(server: ServerProcess): readonly Trial[] {
  return groups.flatMap((group) => trials(group.server, "server", () => new ServerSubject(server)));
}

export function clientTrials(): readonly Trial[] {
  return groups.flatMap((group) => trials(group.client, "client", () => new ClientSubject()));
}

function trials<Under extends Subject>(
  families: readonly Family<Under>[],
  role: Role,
  make: () => Under,
): readonly Trial[] {
  return families.flatMap(({ id: family, cases }) =>
    cases.map(({ id, sentence, run }) => ({
      role,
      family,
      id,
      sentence,
      run: () => withDeadline(run, make()),
    })),
  );
}

async function withDeadline<Under extends Subject>(run: Case<Under>["run"], subject: Under): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`there was no verdict within ${DEADLINE} ms`)), DEADLINE);
  });
  try {
    await Promise.race([run(subject), late]);
  } finally {
    clearTimeout(timer);
    subject.dispose();
  }
}
