import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";

const run = promisify(execFile);
const root = dirname(fileURLToPath(import.meta.resolve("jackfield/package.json")));

const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
const pages = ["README.md", ...docs.map((name) => join("docs", name))];

const compilerOptions = {
  target: "es2023",
  module: "nodenext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: true, // the types of packages don't always fit each other
};

/** Makes an empty folder for a program. */
async function programFolder(name: string): Promise<string> {
  const folder = join(root, "build", "snippets", name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  return folder;
}

/**
 * Writes all snippets into files: those that begin with "ts" into one program, and each that begins with "ts alone",
 * since it uses types that don't agree with those of others, into its own. Those with "ts no-check" are left out.
 *
 * @returns the programs' folders
 */
async function writeSnippets(): Promise<string[]> {
  await rm(join(root, "build", "snippets"), { recursive: true, force: true });
  const together = await programFolder("together");
  const folders = [together];
  let count = 0;
  for (const page of pages) {
    const text = await readFile(join(root, page), "utf8");
    for (const [, alone, code = ""] of text.matchAll(/^```ts( alone)?\n(.*?)^```$/gms)) {
      const name = `${basename(page, ".md")}-${++count}`;
      const folder = alone === undefined ? together : await programFolder(name);
      if (folder !== together) folders.push(folder);
      await writeFile(join(folder, `${name}.ts`), code);
    }
  }
  assert.ok(count >= 5);
  return folders;
}

/** For a reader who copies it. */
test("every TypeScript snippet of the docs compiles under strict settings", async () => {
  const tsc = join(root, "node_modules", ".bin", "tsc");
  for (const folder of await writeSnippets()) {
    await run(tsc, ["--project", folder]).catch((error: unknown) => {
      assert.fail((error as { stdout: string }).stdout);
    });
  }
});
