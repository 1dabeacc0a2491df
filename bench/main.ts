/**
 * `npm run bench`: measures all peers under all workloads and writes the report.
 */

import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { killChildren } from "./child.js";
import { UsageError } from "./command-line.js";
import { help, readOptions, type Options } from "./options.js";
import { describeMachine } from "./report/machine.js";
import { failures, summarize, underloaded } from "./report/summary.js";
import { tablesOf } from "./report/tables.js";
import { tableAsText } from "./report/terminal.js";
import { writeReport, type Places, type RunFacts } from "./report/write.js";
import { missingFor } from "./requirements.js";
import { countCells, run, type Cell } from "./run.js";

/** This file is compiled to `build/bench/main.js`. */
const root = new URL("../../", import.meta.url);

/** How long the processes of a cell take to start, to open their connections and to end, about, ms. */
const START_AND_STOP = 800;

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === "help") {
    console.log(help);
    return 0;
  }
  const peers = options.peers.filter((peer) => missingFor(peer) === undefined);
  const missing = options.peers.flatMap((peer) => {
    const reason = missingFor(peer);
    return reason === undefined ? [] : [`${peer.title}: ${reason}`];
  });
  announce({ ...options, peers }, missing);
  const facts = { ...factsOf({ ...options, peers }), missing };
  const cells = await run({ ...options, peers, progress: (line) => console.error(line) });
  return report(cells, placesOf(options), facts);
}

/** No child may outlive the benchmark, however it ends. */
function killChildrenAtTheEnd(): void {
  process.on("exit", killChildren);
  process.on("SIGINT", () => process.exit(130));
  process.on("SIGTERM", () => process.exit(143));
  process.on("SIGHUP", () => process.exit(129));
}

function announce({ quick, workloads, peers, rounds, pace }: Options, missing: readonly string[]): void {
  const what = `Workloads: ${workloads.length}, peers: ${peers.length}, rounds: ${rounds}`;
  console.error(`${what}, ${pace.measured / 1000} s measured each${quick ? " (quick: rough figures)" : ""}`);
  const cell = pace.warmUp + pace.measured + START_AND_STOP;
  const minutes = (countCells(workloads, peers) * rounds * cell) / 60_000;
  console.error(`This takes about ${Math.ceil(minutes)} minutes.`);
  for (const line of missing) console.error(`Left out: ${line}`);
  for (const { id, what } of workloads) console.error(`  ${id.padEnd(5)} ${what}`);
}

function factsOf({ quick, command, rounds, pace, peers }: Options): Omit<RunFacts, "missing"> {
  return {
    command,
    date: new Date().toISOString(),
    quick,
    rounds,
    seconds: pace.measured / 1000,
    machine: describeMachine(root, peers),
  };
}

function inRoot(path: string): string {
  return fileURLToPath(new URL(path, root));
}

/** The docs only get what was meant for them, lest a trial overwrite the figures of a quiet machine. */
function placesOf({ out }: Options): Places {
  if (out === "docs")
    return {
      page: inRoot("docs/performance.md"),
      chart: inRoot("docs/performance.svg"),
      data: inRoot("bench/results/results.json"),
    };
  const folder = out?.folder ?? inRoot("build/bench-results");
  return {
    page: join(folder, "performance.md"),
    chart: join(folder, "performance.svg"),
    data: join(folder, "results.json"),
  };
}

async function report(cells: readonly Cell[], places: Places, facts: RunFacts): Promise<number> {
  const rows = summarize(cells);
  for (const table of tablesOf(rows)) console.log(`\n${tableAsText(table)}`);
  const idle = underloaded(rows);
  if (idle.length > 0)
    console.log(
      `\nServers that waited for the load generator or for other work on the machine: ${idle.join(", ")}`,
    );
  const failed = failures(rows);
  if (failed.length > 0) console.log(`\nFailed:\n${failed.map((line) => `  ${line}`).join("\n")}`);
  const paths = await writeReport(places, cells, rows, facts);
  console.log(`\nWritten: ${paths.map((path) => relative(process.cwd(), path)).join(", ")}`);
  return failed.length > 0 ? 1 : 0;
}

killChildrenAtTheEnd();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
}
