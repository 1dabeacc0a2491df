/** Runs a case, on an endpoint under test of its own, within a time. */

import type { Case } from "./case.js";
import { ClientSubject } from "./client-subject.js";
import { groups } from "./groups.js";
import { ServerSubject, type ServerProcess } from "./server-subject.js";
import type { Role } from "#src/protocol/opcode.js";
import type { Subject } from "./subject.js";

/** A case that can be run: which role it is about does not matter any more. */
export interface Trial {
  readonly group: string;
  readonly role: Role;
  readonly id: string;
  readonly sentence: string;
  /** @throws if the endpoint under test doesn't conform */
  readonly run: () => Promise<void>;
}

/** In milliseconds; a machine may be busy. */
const DEADLINE = 20_000;

export function serverTrials(server: ServerProcess): readonly Trial[] {
  return groups.flatMap(({ name, server: cases }) =>
    cases.map((one) => trial(name, "server", one, () => new ServerSubject(server))),
  );
}

export function clientTrials(): readonly Trial[] {
  return groups.flatMap(({ name, client: cases }) =>
    cases.map((one) => trial(name, "client", one, () => new ClientSubject())),
  );
}

function trial<Under extends Subject>(
  group: string,
  role: Role,
  { id, sentence, run }: Case<Under>,
  make: () => Under,
): Trial {
  return { group, role, id, sentence, run: () => withDeadline(run, make()) };
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
