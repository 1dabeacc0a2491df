import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RestartPolicy } from "#src/cli/restart-policy.js";

describe("a worker that died is replaced", () => {
  test("after a delay that doubles up to ten seconds", () => {
    const policy = new RestartPolicy();
    const delays = Array.from({ length: 9 }, () => policy.afterDeath(15_000));
    assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  test("after the first delay again, when it had lived long", () => {
    const policy = new RestartPolicy();
    for (let death = 0; death < 4; death++) policy.afterDeath(15_000);
    assert.deepEqual([policy.afterDeath(30_000), policy.afterDeath(15_000)], [100, 200]);
  });

  test("hostile 69: not any more, when it has died of its start five times in a row", () => {
    const policy = new RestartPolicy();
    assert.deepEqual(
      Array.from({ length: 5 }, () => policy.afterDeath(9_999)),
      [100, 200, 400, 800, "crash loop"],
    );
  });

  test("hostile 76: for ever, with the longest delay, once any worker has served", () => {
    const policy = new RestartPolicy();
    const delays = Array.from({ length: 100 }, () => policy.afterDeath(50, false));
    assert.deepEqual(delays.slice(0, 5), [100, 200, 400, 800, 1_600]);
    assert.ok(delays.slice(7).every((delay) => delay === 10_000));
  });

  test("where it has lived a while in between", () => {
    const policy = new RestartPolicy();
    for (let death = 0; death < 4; death++) policy.afterDeath(50);
    assert.equal(typeof policy.afterDeath(10_000), "number");
    assert.equal(typeof policy.afterDeath(50), "number");
  });
});
