import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keptInputs } from "../../script/fuzz/corpus.js";
import { guidedRun } from "../../script/fuzz/guided-run.js";
import { targets } from "../../script/fuzz/targets/all.js";

/** `npm run fuzz` runs millions. */
const INPUTS = 10_000;
const SEED = 6455;

for (const target of targets) {
  describe(`fuzzing the ${target.name}`, () => {
    test("what has once failed holds", async () => {
      for (const { input } of keptInputs("regressions", target.name)) await target.run(input);
    });

    test("each input of the corpus comes to what it is kept for", async () => {
      const kept = keptInputs("corpus", target.name);
      assert.ok(kept.length > 0);
      for (const { note, input } of kept) assert.equal(await target.run(input), note);
    });

    test("nothing fails in a short run that goes on from the corpus", async () => {
      const { failures } = await guidedRun(target, {
        seed: SEED,
        inputs: keptInputs("corpus", target.name).map(({ input }) => input),
        time: 2_000,
        maxInputs: INPUTS,
      });
      assert.deepEqual(failures, []);
    });
  });
}
