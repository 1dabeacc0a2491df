/** The soak, for some seconds: that it works, and that it finds what it is there to find. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Sample } from "../../bench/soak/facts.js";
import { series } from "../../bench/soak/series.js";
import { theilSen } from "../../bench/soak/statistics.js";
import { findingOf, problemsOf } from "../../bench/soak/verdict.js";
import { Command } from "../cli/command.js";
import { folderWith } from "../services/folder-with.js";

const bounded = { timeout: 50_000 } as const;

const program = fileURLToPath(new URL("../../bench/soak/main.js", import.meta.url));

const nothing = {
  rss: 0,
  heapUsed: 0,
  external: 0,
  arrayBuffers: 0,
  handles: 0,
  sockets: 0,
  delay: 0,
  cpu: 0,
} as const;

/** A sample with so many descriptors, and errors on both sides if there are faults. */
function at(minute: number, descriptors: number, faults = 0): Sample {
  return {
    at: minute * 60_000,
    server: { ...nothing, descriptors, timers: 1, faults },
    load: { messages: 0, visits: 0, cpu: 0, errors: faults === 0 ? {} : { "echo: lost": 2 } },
  };
}

/** Runs it for so short a time that only the memory of a grave leak is found. */
async function soak(
  t: TestContext,
  leak?: string,
): Promise<{ readonly command: Command; readonly out: string }> {
  const out = await folderWith(t);
  const args = ["--minutes", "0.08", "--out", out];
  const command = new Command(t, args, { program, env: { JACKFIELD_SOAK_LEAK: leak } });
  await command.ended;
  return { command, out };
}

describe("npm run soak", { concurrency: true }, () => {
  test("finds a server flat that is so, and plots every figure", bounded, async (t) => {
    const { command, out } = await soak(t);
    assert.equal((await command.ended).code, 0, command.output + command.errors);
    assert.match(command.output, /^flat$/m);
    const chart = await readFile(join(out, "soak.svg"), "utf8");
    assert.equal(chart.match(/<polyline points="[\d.,]+ [^"]+"/g)?.length, series.length);
    const page = await readFile(join(out, "soak.md"), "utf8");
    for (const { title } of series) assert.ok(page.includes(`| ${title}`), title);
    const { samples } = JSON.parse(await readFile(join(out, "soak.json"), "utf8")) as { samples: unknown[] };
    assert.ok(samples.length > 10);
  });

  test("finds a server that leaks memory", bounded, async (t) => {
    const { command } = await soak(t, "memory");
    assert.equal((await command.ended).code, 1, command.output + command.errors);
    assert.match(command.output, /^NOT FLAT$[^]*^Heap in use, MiB: grew by .* in the second half/m);
  });

  test("says what it expects, if an option is wrong", bounded, async (t) => {
    const command = new Command(t, ["--minutes", "none"], { program });
    assert.equal((await command.ended).code, 1);
    assert.equal(command.errors, `--minutes takes a number from 0.05 to 10080, not "none"\n`);
  });

  test("is not misled by single peaks", () => {
    const points = Array.from({ length: 100 }, (_, at) => ({ at, value: at % 10 === 9 ? at * 50 : 2 * at }));
    assert.ok(Math.abs(theilSen(points) - 2) < 0.5);
    assert.equal(theilSen([]), 0);
  });

  test("finds what is left, what grows, and what clients and the log have seen", () => {
    const start = at(0, 20);
    const growing = Array.from({ length: 20 }, (_, minute) => at(minute + 1, 50 + 10 * minute));
    const run = { start, samples: growing, end: at(20, 21, 3) };
    assert.deepEqual(
      problemsOf(
        series.map((each) => findingOf(each, run)),
        run,
      ),
      [
        "File descriptors: grew by 90 in the second half; 30 would be noise",
        "File descriptors: 20 before the load, 21 after it",
        "clients saw an error 2 times: echo: lost",
        "the server logged 3 errors and warnings that nobody has caused",
      ],
    );
    const flat = { start, samples: growing.map((sample) => ({ ...start, at: sample.at })), end: start };
    assert.deepEqual(
      problemsOf(
        series.map((each) => findingOf(each, flat)),
        flat,
      ),
      [],
    );
  });
});
