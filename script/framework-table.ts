/** Writes the table of what each framework can do into docs/frameworks.md: `npm run docs`. */
import { readFile, writeFile } from "node:fs/promises";
import { faces } from "../test/contract/faces.js";
import { rows } from "../test/contract/rows.js";
import { contractTable, withTable } from "../test/contract/table.js";

const page = new URL("docs/frameworks.md", import.meta.resolve("jackfield/package.json"));
await writeFile(page, withTable(await readFile(page, "utf8"), contractTable(rows, faces)));
