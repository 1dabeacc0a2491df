/** `npm run soak`: a server under mixed load, and whether it stays as it is. */

import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { peers } from "../peers.js";
import { describeMachine } from "../report/machine.js";
import { UsageError } from "../command-line.js";
import { help, readOptions, type SoakOptions } from "./options.js";
import { writeReport, type Places } from "./report.js";
import { Soak, paceFor } from "./run.js";
import type { Sample } from "./facts.js";
import { series } from "./series.js";
import { findingOf, problemsOf, shown } from "./verdict.js";

/** This file is compiled to `build/bench/soak/main.js`. */
const root = new URL("../../../", import.meta.url);

/** How often something is told, in milliseconds. */
const TELL_EVERY = 30_000;

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === "help") {
    console.log(help);
    return 0;
  }
  const { command, duration } = options;
  const machine = describeMachine(
    root,
    peers.filter(({ id }) => id === "jackfield-loop"),
  );
  const facts = { command, date: new Date().toISOString(), machine };
  console.error(`The load lasts ${shown(duration / 60_000)} minutes`);
  const run = await Soak.run(paceFor(duration), teller());
  const findings = series.map((each) => findingOf(each, run));
  const problems = problemsOf(findings, run);
  const paths = await writeReport(placesOf(options), { run, findings, problems, facts });
  for (const { series: of, start, median, end, growth } of findings)
    console.log(
      `${of.title.padEnd(36)} ${shown(start).padStart(8)} ${shown(median).padStart(8)} ${shown(end).padStart(8)} ` +
        `${shown(growth).padStart(8)} ${of.unit}`,
    );
  console.log(problems.length === 0 ? "flat" : `NOT FLAT\n${problems.join("\n")}`);
  console.log(`Written: ${paths.map((path) => relative(process.cwd(), path)).join(", ")}`);
  return problems.length === 0 ? 0 : 1;
}

/** Tells now and then how it is. */
function teller(): (sample: Sample) => void {
  let told = 0;
  return ({ at, server, load }) => {
    if (at - told < TELL_EVERY) return;
    told = at;
    const errors = Object.values(load.errors).reduce((sum, times) => sum + times, 0);
    console.error(
      `${Math.round(at / 1000)} s: ${Math.round(server.heapUsed / 2 ** 10)} KiB of heap, ` +
        `${server.descriptors} descriptors, ${server.sockets} sockets, ${load.visits} visits, ${errors} errors`,
    );
  };
}

function inRoot(path: string): string {
  return fileURLToPath(new URL(path, root));
}

function placesOf({ out }: SoakOptions): Places {
  const folder = out === undefined || out === "docs" ? inRoot("build/soak-results") : out.folder;
  const data = join(folder, "soak.json");
  return out === "docs"
    ? { page: inRoot("docs/soak.md"), chart: inRoot("docs/soak.svg"), data }
    : { page: join(folder, "soak.md"), chart: join(folder, "soak.svg"), data };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
}
