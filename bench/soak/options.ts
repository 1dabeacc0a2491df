/** The command line of the soak. */

import { parseArgs } from "node:util";
import { readNumber, reportPlaceOf, usageErrorOf, type ReportPlace } from "../command-line.js";

export interface SoakOptions {
  /** How long the load lasts, in milliseconds. */
  readonly duration: number;
  /** The command that does the same again, wherever the report goes. */
  readonly command: string;
  readonly out: ReportPlace;
}

export const help = `Usage: npm run soak -- [options]

Has many clients use all features of one server, and looks whether it needs ever more memory, file descriptors or timers.
Exit code 1 says that it does, that something is left when all clients have gone, or that a client saw an error.

  --minutes N   how long the load lasts (3); fractions are fine
  --publish     writes the report into the docs: docs/soak.md, with docs/soak.svg
  --out DIR     where the report is written else (build/soak-results)
  --help        print this

JACKFIELD_SOAK_LEAK=memory, timers or descriptors has the server leak with each request: the run has to fail.
`;

const MINUTE = 60_000;
const DEFAULT_MINUTES = "3";
const MIN_MINUTES = 0.05;
const MAX_MINUTES = 7 * 24 * 60;

/**
 * @returns what to do, or `"help"`
 * @throws {UsageError} when the arguments make no sense
 */
export function readOptions(args: readonly string[]): SoakOptions | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const minutes = readNumber("minutes", values.minutes ?? DEFAULT_MINUTES, MIN_MINUTES, MAX_MINUTES);
  return {
    duration: minutes * MINUTE,
    command: `npm run soak -- --minutes ${minutes}`,
    out: reportPlaceOf(values),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: { type: "string" },
        publish: { type: "boolean" },
        out: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw usageErrorOf(error);
  }
}
