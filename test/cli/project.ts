/** A project as npm makes one, for the command to run. */

import { mkdir, symlink } from "node:fs/promises";
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
