/** Writes docs/hostile-input.md, which says what becomes of hostile input and which tests show it: `npm run docs`. */
import { writeFile } from "node:fs/promises";
import { hostilePage, hostilePageOf, hostileTests } from "../test/docs/hostile-page.js";

await writeFile(hostilePage, hostilePageOf(await hostileTests()));
