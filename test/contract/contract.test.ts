import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { faces } from "./faces.js";
import { rows } from "./rows.js";
import { contractTable, withTable } from "./table.js";

/** One framework only, for the check that the contract finds faults. */
const only = process.env["CONTRACT_FACE"];

for (const face of faces.filter(({ name }) => only === undefined || name === only)) {
  describe(`the contract on ${face.name}`, () => {
    for (const { id, holds, check } of rows) {
      test(`${id}: ${holds}`, { timeout: 20_000 }, async (t) => {
        await check({
          t,
          ownPath: face.ownPath,
          start: async (options) => face.start(t, options),
          hasNote: (row) => face.notes?.[row] !== undefined,
        });
      });
    }
  });
}

test("the table in the docs is the one that the contract makes", async () => {
  const page = await readFile(
    new URL("docs/frameworks.md", import.meta.resolve("jackfield/package.json")),
    "utf8",
  );
  assert.equal(page, withTable(page, contractTable(rows, faces)), "run `npm run docs`");
});

test("the contract has a row for every feature that it must", () => {
  const expected =
    "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F12 F13 U3 U4 U5 U6 U7 U9 U11 U12 U13 K2 K3 K5 K6 K7 K8 K9 W1 W2 W3 W4 W6 W8 W9 A1 A2 N1 N2 N3 N4 N5 N6 N7 N11 N12";
  assert.deepEqual([...new Set(rows.map(({ id }) => id))], expected.split(" "));
});
