/**
 * Fuzzes the protocol: `npm run fuzz -- --minutes 10` runs each target for its part of the time, and tells what came of it.
 * An input that fails is made small and written to build/fuzz, with the command that runs it again.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect, parseArgs } from "node:util";
import { type Kept, keptInputs, root, writeFailure, writeInputs } from "./corpus.js";
import { Coverage } from "./coverage.js";
import { guidedRun, type RunReport } from "./guided-run.js";
import type { Target } from "./target.js";

const USAGE = `npm run fuzz -- [options]
  --minutes N     how long, for all targets together; 1 by default
  --seed N        for the same inputs again; a random one by default
  --target NAME   only this target; may be given several times
  --replay FILE   runs one input, as it was written by a failure`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    target: { type: "string", multiple: true },
    replay: { type: "string" },
  },
});

/** @param text - as it was given */
function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (!(number >= 0)) throw new Error(`expected --${name} to be a number, but got ${text}\n${USAGE}`);
  return number;
}

function chosen(all: readonly Target[]): readonly Target[] {
  const names = values.target ?? all.map(({ name }) => name);
  return names.map((name) => {
    const target = all.find((each) => each.name === name);
    if (target !== undefined) return target;
    throw new Error(
      `expected --target to be one of ${all.map((each) => each.name).join(", ")}, but got ${name}\n${USAGE}`,
    );
  });
}

/** Runs one input of one target. */
async function replay(targets: readonly Target[], file: string): Promise<void> {
  const [target, ...more] = targets;
  if (target === undefined || more.length > 0) throw new Error(`expected one --target to replay\n${USAGE}`);
  console.log(`${target.name}: ${await target.run(readFileSync(join(root, file)))}`);
}

async function fuzz(target: Target, coverage: Coverage, milliseconds: number): Promise<RunReport> {
  coverage.forget();
  const inputs = [...keptInputs("corpus", target.name), ...keptInputs("regressions", target.name)];
  const report = await guidedRun(target, {
    seed: numberOf("seed", values.seed),
    inputs: inputs.map(({ input }) => input),
    time: milliseconds,
    coverage,
  });
  writeInputs(`${target.name}-reaching`, await withOutcomes(target, report.reaching));
  for (const { input, error } of report.failures) {
    console.log(
      `\n${target.name} failed; again with: ${writeFailure(target.name, input)}\n${inspect(error)}\n`,
    );
    process.exitCode = 1;
  }
  return report;
}

/** As the corpus has them: the note is what comes of the input. */
async function withOutcomes(target: Target, inputs: readonly Buffer[]): Promise<readonly Kept[]> {
  return Promise.all(inputs.map(async (input) => ({ note: await target.run(input), input })));
}

function line(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

// V8 counts in what is loaded from now on.
const coverage = new Coverage(pathToFileURL(join(root, "dist/")).href);
const { targets } = await import("./targets/all.js");
const wanted = chosen(targets);
if (values.replay !== undefined) {
  await replay(wanted, values.replay);
} else {
  console.log(`seed ${values.seed}\n`);
  console.log(line(["target", "inputs", "seconds", "inputs/s", "outcomes", "reached new code", "failures"]));
  console.log(line(Array.from({ length: 7 }, () => "---")));
  const milliseconds = (numberOf("minutes", values.minutes) * 60_000) / wanted.length;
  for (const target of wanted) {
    const { count, seconds, outcomes, reaching, failures } = await fuzz(target, coverage, milliseconds);
    const speed = Math.round(count / seconds);
    console.log(
      line([target.name, count, Math.round(seconds), speed, outcomes, reaching.length, failures.length]),
    );
  }
}
coverage.stop();
