/**
 * The command line.
 */

import { parseArgs } from "node:util";
import { readNumber, reportPlaceOf, UsageError, usageErrorOf, type ReportPlace } from "./command-line.js";
import type { Pace } from "./measure.js";
import { withinLimit } from "./open-files.js";
import { peers as allPeers, type Peer } from "./peers.js";
import { workloads as allWorkloads, withConnections, type Workload } from "./workloads.js";

export interface Options {
  readonly quick: boolean;
  /** The command that does the same again, wherever the report goes. */
  readonly command: string;
  readonly workloads: readonly Workload[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly pace: Pace;
  /** After this long no further cell is begun, ms. */
  readonly budget: number;
  readonly out: ReportPlace;
}

const mainPeers = allPeers.filter(({ isMain }) => isMain);

export const help = `Usage: npm run bench -- [options]

Measures CPU time per message, and memory per connection, of WebSocket servers.

  --quick           one short round of the main peers, within two minutes
  --workloads LIST  only these: ${allWorkloads.map(({ id }) => id).join(",")}
  --peers LIST      only these: ${allPeers.map(({ id }) => id).join(",")};
                    "main" stands for ${mainPeers.map(({ id }) => id).join(",")},
                    "all" for all (all; with --quick main)
  --rounds N        how often all are measured, in turns; medians are reported (5; with --quick 1)
  --seconds N       how long each is measured per round (2; with --quick 0.7)
  --publish         writes the report into the docs: docs/performance.md, with the samples in bench/results/
  --out DIR         where the report is written else (build/bench-results)
  --help            print this
`;

const MINUTE = 60_000;
/** Below it a single garbage collection would be a large part of the figure. */
const MIN_SECONDS = 0.1;
/** Some servers ping after 20 s and take a client that cannot decode a ping for dead. */
const MAX_SECONDS = 10;
const MAX_ROUNDS = 100;
const QUICK_IDLE_CONNECTIONS = 1000;
/** What is begun before it is done some seconds later. */
const QUICK_BUDGET = 110_000;

/**
 * @returns what to do, or `"help"`
 * @throws {UsageError} when the arguments make no sense
 */
export function readOptions(args: readonly string[]): Options | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const quick = values.quick === true;
  const rounds = readNumber("rounds", values.rounds ?? (quick ? "1" : "5"), 1, MAX_ROUNDS);
  if (!Number.isInteger(rounds)) throw new UsageError(`--rounds takes a whole number, not ${rounds}`);
  const seconds = readNumber("seconds", values.seconds ?? (quick ? "0.7" : "2"), MIN_SECONDS, MAX_SECONDS);
  const workloads = pick("workload", allWorkloads, values.workloads);
  return {
    quick,
    command: commandOf(values),
    workloads: (quick ? workloads.map(quicker) : workloads).map(withinLimit),
    peers: pick("peer", allPeers, withGroups(values.peers ?? (quick ? "main" : "all"))),
    rounds,
    pace: paceOf(seconds, quick),
    budget: quick && values.peers === undefined ? QUICK_BUDGET : 180 * MINUTE,
    out: reportPlaceOf(values),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        workloads: { type: "string" },
        peers: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        publish: { type: "boolean" },
        out: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw usageErrorOf(error);
  }
}

function commandOf({ out: _out, publish: _publish, ...values }: ReturnType<typeof parse>): string {
  const args = Object.entries(values).map(([name, value]) =>
    value === true ? `--${name}` : `--${name} ${value}`,
  );
  return ["npm run bench", ...(args.length === 0 ? [] : ["--", ...args])].join(" ");
}

function paceOf(seconds: number, quick: boolean): Pace {
  const measured = seconds * 1000;
  return quick
    ? { measured, warmUp: 400, timeout: measured + 9_000 }
    : { measured, warmUp: 1000, timeout: measured + 30_000 };
}

function quicker(workload: Workload): Workload {
  return workload.kind === "idle" ? withConnections(workload, QUICK_IDLE_CONNECTIONS) : workload;
}

/** Names of groups of peers become those of the peers. */
function withGroups(list: string): string {
  const groups = new Map([
    ["main", mainPeers],
    ["all", allPeers],
  ]);
  const names = list.split(",").map((name) => name.trim());
  return names
    .map(
      (name) =>
        groups
          .get(name)
          ?.map(({ id }) => id)
          .join(",") ?? name,
    )
    .join(",");
}

/** In the order of the table, whatever the order of the list. */
function pick<Item extends { readonly id: string }>(
  kind: string,
  items: readonly Item[],
  list: string | undefined,
): readonly Item[] {
  if (list === undefined) return items;
  const wanted = list.split(",").map((id) => id.trim());
  const unknown = wanted.find((id) => !items.some((item) => item.id === id));
  if (unknown !== undefined) {
    const known = items.map(({ id }) => id).join(", ");
    throw new UsageError(`there is no ${kind} "${unknown}"; choose from ${known}`);
  }
  return items.filter(({ id }) => wanted.includes(id));
}
