/** A project as npm makes one, for the command to run. */

import { cp, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { folderWith } from "../services/folder-with.js";

const root = new URL(".", import.meta.resolve("jackfield/package.json"));

/** The file `package.json` of a project whose modules are those of ECMAScript. */
export const modulePackage = '{ "type": "module" }';

/** Where a package that the tests have is. */
export function packageFolder(name: string): string {
  return fileURLToPath(name === "jackfield" ? root : new URL(`node_modules/${name}`, root));
}

/** A folder with these files that has installed Jackfield and these packages, gone when the test ends. */
export async function project(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  packages: readonly string[] = [],
): Promise<string> {
  const folder = await folderWith(t, files);
  for (const name of ["jackfield", ...packages]) {
    const path = join(folder, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(packageFolder(name), path);
  }
  return folder;
}

/** The same with what Jackfield can't do without only, and the command that is installed there. */
export async function projectWithoutPino(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<{ readonly cwd: string; readonly program: string }> {
  const cwd = await folderWith(t, { "package.json": modulePackage, ...files });
  const packages = join(cwd, "node_modules");
  const copy = join(packages, "jackfield");
  await mkdir(packages);
  for (const part of ["dist", "package.json"])
    await cp(join(packageFolder("jackfield"), part), join(copy, part), { recursive: true });
  for (const name of ["cookie", "path-to-regexp"]) await symlink(packageFolder(name), join(packages, name));
  return { cwd, program: join(copy, "dist", "cli", "main.js") };
}
