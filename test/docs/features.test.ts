/** Each feature is shown by something that is really there. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { problemOf, referencesIn, type Reference } from "./references.js";

const page = new URL("docs/features.md", import.meta.resolve("jackfield/package.json"));

/** How many features there are under each letter. */
const counts = { F: 13, U: 13, K: 10, W: 11, A: 3, N: 12 };

const expectedIds = Object.entries(counts).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
);

interface Feature {
  readonly id: string;
  readonly references: readonly Reference[];
}

async function readFeatures(): Promise<readonly Feature[]> {
  const text = await readFile(page, "utf8");
  return [...text.matchAll(/^\| +([A-Z]\d+) +\|.*\|(.*)\|$/gm)].map(([, id = "", shown = ""]) => ({
    id,
    references: referencesIn(shown, page),
  }));
}

const features = await readFeatures();

test("the page of features has each of them once, in order", () => {
  assert.deepEqual(
    features.map(({ id }) => id),
    expectedIds,
  );
});

test("every feature is shown by something", () => {
  const unshown = features.filter(({ references }) => references.length === 0);
  assert.deepEqual(
    unshown.map(({ id }) => id),
    [],
  );
});

test("what shows a feature is there, and has the test that is named", async () => {
  for (const { id, references } of features) {
    for (const reference of references) {
      const problem = await problemOf(reference);
      assert.equal(problem, undefined, `${id}: ${problem}`);
    }
  }
});

test("every link of the page is to a test with its name", async () => {
  const text = await readFile(page, "utf8");
  const cells = [...text.matchAll(/^\| +[A-Z]\d+ .*$/gm)].map(([row]) => row);
  const links = cells.flatMap((row) => [...row.matchAll(/\]\(/g)]).length;
  assert.equal(links, features.flatMap(({ references }) => references).length);
});
