import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Coverage } from "../../script/fuzz/coverage.js";
import { guidedRun } from "../../script/fuzz/guided-run.js";
import { Random } from "../../script/fuzz/random.js";
import type { Target } from "../../script/fuzz/target.js";

function targetOf(run: Target["run"]): Target {
  return { name: "planted", generate: (random) => random.bytes(random.below(12)), run };
}

const options = { seed: 1, inputs: [], time: 30_000 };

/** All that a run with this seed has run. */
async function inputsOf(seed: number): Promise<string[]> {
  const inputs: string[] = [];
  const target = targetOf((input) => String(inputs.push(input.toString("hex")) % 7));
  await guidedRun(target, { ...options, seed, maxInputs: 1_000 });
  return inputs;
}

describe("a guided run", () => {
  test("finds by the blocks that inputs reach what it hardly could by chance, and makes it small", async () => {
    const coverage = new Coverage(new URL(".", import.meta.url).href);
    // Only what is loaded from now on is counted.
    const { plantedFault } = await import("./planted-fault.js");
    const { reaching, failures } = await guidedRun(targetOf(plantedFault), {
      ...options,
      maxInputs: 200_000,
      coverage,
    });
    coverage.stop();
    assert.ok(reaching.length >= 4, `only ${reaching.length} steps were found`);
    assert.deepEqual(
      failures.map(({ input }) => input.toString()),
      ["Jack"],
    );
  });

  test("finds a fault of a target that has to wait", async () => {
    const target = targetOf(async (input) => {
      await Promise.resolve();
      if (input.includes(0x21)) throw new RangeError("a mark");
      return "fine";
    });
    const { failures } = await guidedRun(target, { ...options, maxInputs: 2_000 });
    assert.deepEqual(
      failures.map(({ input, error }) => [input.toString(), String(error)]),
      [["!", "RangeError: a mark"]],
    );
  });

  test("has no failures, and runs as many inputs as it may, where everything holds", async () => {
    const report = await guidedRun(
      targetOf(() => "fine"),
      { ...options, maxInputs: 5_000 },
    );
    assert.deepEqual([report.count, report.outcomes, report.failures], [5_000, 1, []]);
  });

  test("runs the same inputs again with the same seed", async () => {
    const first = await inputsOf(5);
    assert.deepEqual(await inputsOf(5), first);
    assert.notDeepEqual(await inputsOf(6), first);
  });

  test("has random numbers of which each is as likely as the others", () => {
    const random = new Random(1);
    const counts = Array.from({ length: 8 }, () => 0);
    for (let left = 80_000; left > 0; left--) counts[random.below(8)]!++;
    assert.ok(
      counts.every((count) => Math.abs(count - 10_000) < 500),
      counts.join(" "),
    );
  });
});
