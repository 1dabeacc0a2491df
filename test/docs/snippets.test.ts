import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";

const run = promisify(execFile);
const root = dirname(fileURLToPath(import.meta.resolve("jackfield/package.json")));

/** Pages whose TypeScript must compile as it stands, for a reader who copies it; but what begins with `ts no-check`. */
const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
const pages = ["README.md", ...docs.map((name) => join("docs", name))];

test("every TypeScript snippet of the docs compiles under strict settings", async () => {
  const folder = join(root, "build", "snippets");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  let count = 0;
  for (const page of pages) {
    const text = await readFile(join(root, page), "utf8");
    for (const [, code = ""] of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
      await writeFile(join(folder, `${basename(page, ".md")}-${++count}.ts`), code);
    }
  }
  assert.ok(count >= 5);
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
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const tsc = join(root, "node_modules", ".bin", "tsc");
  await run(tsc, ["--project", folder]).catch((error: unknown) => {
    assert.fail((error as { stdout: string }).stdout);
  });
});
