/** The conformance suite is as large as it is to be, and the page about it up to date. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { groups } from "../conformance/groups.js";
import { conformancePage, conformancePageText } from "./conformance-page.js";

const families = groups.flatMap(({ server, client }) => [server, client]).flat();

test("each case has an id and a sentence of its own", () => {
  const cases = new Map(families.flatMap((family) => family.cases.map(({ id, sentence }) => [id, sentence])));
  assert.ok(cases.size >= 450, `there are only ${cases.size} cases`);
  for (const { id, cases: own } of families) {
    const sentences = own.map(({ sentence }) => sentence);
    assert.deepEqual(repeated(sentences), [], `family ${id}`);
  }
});

test("the page of conformance is the one that the suite makes", async () => {
  assert.equal(await readFile(conformancePage, "utf8"), conformancePageText(), "run `npm run docs`");
});

function repeated(sentences: readonly string[]): readonly string[] {
  return sentences.filter((sentence, at) => sentences.indexOf(sentence) !== at);
}
