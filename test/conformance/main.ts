/** `npm run conformance`: runs all cases for both roles, and prints the verdicts as a table. */

import { parseArgs } from "node:util";
import { overviewOf, type Verdict } from "./overview.js";
import { ServerProcess } from "./server-subject.js";
import { clientTrials, serverTrials, type Trial } from "./verdict.js";

/** So many cases run at a time. */
const AT_ONCE = 16;

const help = `Usage: npm run conformance -- [options]

  --cases         print each case with its verdict, not only the families
  --only PREFIX   only the cases whose id begins so, such as F or F3.12
  --role ROLE     only "server" or "client"

The exit code is 1 if a case failed.`;

/** @returns the exit code */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cases: { type: "boolean" },
      only: { type: "string", default: "" },
      role: { type: "string", default: "" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    console.log(help);
    return 0;
  }
  const server = await ServerProcess.start();
  const trials = [...serverTrials(server), ...clientTrials()].filter(
    ({ id, role }) => id.startsWith(values.only) && role.startsWith(values.role),
  );
  const verdicts = await judge(trials);
  await server.stop();
  if (values.cases === true) for (const verdict of verdicts) console.log(lineOf(verdict));
  console.log(overviewOf(verdicts));
  const failed = verdicts.filter(({ problem }) => problem !== undefined);
  for (const verdict of failed) console.log(`${lineOf(verdict)}\n${String(verdict.problem)}`);
  return failed.length > 0 || verdicts.length === 0 ? 1 : 0;
}

/** @returns the verdicts, in the order of the trials */
async function judge(trials: readonly Trial[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const waiting = trials.entries();
  const work = async (): Promise<void> => {
    for (const [at, trial] of waiting) verdicts[at] = { trial, problem: await problemOf(trial) };
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return verdicts;
}

/** @returns what was thrown; `undefined` if it passed */
function problemOf(trial: Trial): Promise<unknown> {
  return trial.run().then(
    () => undefined,
    (error: unknown) => error ?? "failed",
  );
}

function lineOf({ trial: { role, id, sentence }, problem }: Verdict): string {
  return `${problem === undefined ? "pass" : "FAIL"}  ${role}  ${id.padEnd(6)} ${sentence}`;
}

process.exitCode = await main();
