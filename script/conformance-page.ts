/** Writes docs/conformance.md, which says what the conformance suite asks: `npm run docs`. */
import { writeFile } from "node:fs/promises";
import { conformancePage, conformancePageText } from "../test/docs/conformance-page.js";

await writeFile(conformancePage, conformancePageText());
