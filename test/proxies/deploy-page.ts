/** The configurations of docs/deploy.md: the page is the one place where they are. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const page = await readFile(new URL("docs/deploy.md", import.meta.resolve("jackfield/package.json")), "utf8");

/** The block of the page in a language, of which it has one. */
export function configuration(language: "nginx" | "haproxy" | "ini" | "dockerfile"): string {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))];
  assert.equal(blocks.length, 1, `expected one block of ${language} in docs/deploy.md`);
  return blocks[0]?.[1] ?? "";
}

/** What is written in place of what. */
export type Replacements = readonly (readonly [production: string, test: string])[];

/** A configuration with other addresses, paths and users. Each replacement must have something to replace. */
export function adapted(text: string, replacements: Replacements): string {
  return replacements.reduce((changed, [production, test]) => {
    assert.equal(changed.split(production).length, 2, `expected "${production}" once in docs/deploy.md`);
    return changed.replace(production, () => test);
  }, text);
}
