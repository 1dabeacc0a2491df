/**
 * `npm run bench`: measures all peers under all workloads and writes the report.
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { killChildren } from "./child.js";
import { help, readOptions, UsageError, type Options } from "./options.js";
import { describeMachine } from "./report/machine.js";
import { failures, summarize, underloaded } from "./report/summary.js";
import { tablesOf } from "./report/tables.js";
import { tableAsText } from "./report/terminal.js";
import { writeReport, type RunFacts } from "./report/write.js";
import { run, type Cell } from "./run.js";

/** This file is compiled to `build/bench/main.js`. */
const root = new URL("../../", import.meta.url);

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === "help") {
    console.log(help);
    return 0;
  }
  announce(options);
  const facts = factsOf(options);
  const cells = await run({ ...options, progress: (line) => console.error(line) });
  return report(cells, options.out ?? fileURLToPath(new URL("bench/results", root)), facts);
}

/** No child may outlive the benchmark, however it ends. */
function killChildrenAtTheEnd(): void {
  process.on("exit", killChildren);
  process.on("SIGINT", () => process.exit(130));
  process.on("SIGTERM", () => process.exit(143));
  process.on("SIGHUP", () => process.exit(129));
}

function announce({ quick, workloads, peers, rounds, pace }: Options): void {
  const what = `Workloads: ${workloads.length}, peers: ${peers.length}, rounds: ${rounds}`;
  console.error(`${what}, ${pace.measured / 1000} s measured each${quick ? " (quick: rough figures)" : ""}`);
  for (const { id, what } of workloads) console.error(`  ${id.padEnd(5)} ${what}`);
}

function factsOf({ quick, command, rounds, pace, peers }: Options): RunFacts {
  return {
    command,
    date: new Date().toISOString(),
    quick,
    rounds,
    seconds: pace.measured / 1000,
    machine: describeMachine(root, peers),
  };
}

async function report(cells: readonly Cell[], folder: string, facts: RunFacts): Promise<number> {
  const rows = summarize(cells);
  for (const table of tablesOf(rows)) console.log(`\n${tableAsText(table)}`);
  const idle = underloaded(rows);
  if (idle.length > 0)
    console.log(
      `\nServers that waited for the load generator or for other work on the machine: ${idle.join(", ")}`,
    );
  const failed = failures(rows);
  if (failed.length > 0) console.log(`\nFailed:\n${failed.map((line) => `  ${line}`).join("\n")}`);
  const paths = await writeReport(folder, cells, rows, facts);
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
