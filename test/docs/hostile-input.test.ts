/** Each kind of hostile input has a test with its number, and the page that lists them is up to date. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { numberedChapters } from "./hostile-cases.js";
import { hostilePage, hostilePageOf, hostileTests, isAgainstProcess } from "./hostile-page.js";

const numbers = numberedChapters().flatMap(({ cases }) => cases.map(({ number }) => number));

/** All that comes over the network but for 55, whose process is one of `jackfield run` without descriptors. */
const overTheNetwork = numbers.filter((number) => number <= 56 && number !== 55).concat(72);

const tests = await hostileTests();

/** Those of the numbers that no test is about. */
function missingIn(wanted: readonly number[], shown: typeof tests): readonly number[] {
  const all = new Set(shown.flatMap(({ cases }) => cases));
  return wanted.filter((number) => !all.has(number));
}

test("the page of hostile input has each number once, in order", () => {
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((one, other) => one - other),
  );
});

test("every number of hostile input has a test, and every such test a number", () => {
  assert.deepEqual(missingIn(numbers, tests), []);
  for (const { cases, file, name } of tests)
    for (const number of cases)
      assert.ok(numbers.includes(number), `${file}: there is no ${number}: "${name}"`);
});

test("whatever comes over the network is tried on a server process that must serve on", () => {
  assert.deepEqual(
    missingIn(
      overTheNetwork,
      tests.filter(({ file }) => isAgainstProcess(file)),
    ),
    [],
  );
});

test("the page of hostile input is the one that the tests make", async () => {
  assert.equal(await readFile(hostilePage, "utf8"), hostilePageOf(tests), "run `npm run docs`");
});
