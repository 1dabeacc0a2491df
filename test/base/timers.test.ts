import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { execFile } from "node:child_process";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { atEndOfTurn, nextTurn, now, sleep, startInterval, startTimer } from "#src/base/timers.js";
import { bounded, deferred } from "../frameworks/clients.js";

/** Runs a script that has these timers, and waits for its end. @returns what it has written */
async function ran(script: string): Promise<string> {
  const imports = `import { startInterval, startTimer } from "./dist/base/timers.js";`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", imports + script],
    { cwd: new URL(".", import.meta.resolve("jackfield/package.json")) },
  );
  return stdout;
}

describe("the timers of the engine", bounded, () => {
  // An interval alone would not keep this process alive.
  const alive = startTimer(() => undefined, 60_000);
  after(() => alive.close());

  test("do a task once, unless they are closed, and again when they are refreshed", async () => {
    const done: string[] = [];
    startTimer(() => done.push("closed"), 5).close();
    const again = deferred();
    const timer = startTimer(() => {
      done.push("done");
      if (done.length === 1) timer.refresh();
      else again.resolve();
    }, 5);
    await again.promise;
    assert.deepEqual(done, ["done", "done"]);
  });

  test("do a task at each interval, whatever becomes of it, until they are closed", async () => {
    const third = deferred();
    let count = 0;
    const interval = startInterval(() => {
      if (++count === 3) third.resolve();
    }, 2);
    await third.promise;
    interval.close();
    await sleep(20);
    assert.equal(count, 3);
  });

  test("keep the process alive only where they are asked to", async () => {
    assert.equal(await ran(`startInterval(() => console.log("interval"), 60_000);`), "");
    assert.equal(await ran(`startTimer(() => console.log("timer"), 60_000, { ref: false });`), "");
    assert.equal(await ran(`startTimer(() => console.log("timer"), 5);`), "timer\n");
  });

  test("sleep until the time is over, or the signal aborts", async () => {
    const began = now();
    await sleep(5);
    assert.ok(now() - began >= 4);
    const abort = new AbortController();
    const sleeping = sleep(60_000, { signal: abort.signal });
    abort.abort();
    await assert.rejects(sleeping, { name: "AbortError" });
  });

  test("hostile 85: belong to nobody, whoever starts them; what awaits them goes on where it was", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const all = Array.from({ length: 3 }, () => deferred());
    const see = (at: number) => (): void => {
      seen.push(storage.getStore());
      all[at]?.resolve();
    };
    await storage.run("somebody", async () => {
      startTimer(see(0), 1);
      atEndOfTurn(see(1));
      const interval = startInterval(see(2), 1);
      await Promise.all(all.map(({ promise }) => promise));
      interval.close();
      await sleep(1);
      await nextTurn();
      assert.equal(storage.getStore(), "somebody");
    });
    assert.deepEqual(new Set(seen), new Set([undefined]));
  });
});
