/** `module[:export]`: which file is meant, and which of its exports. */

import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { RunError } from "../errors.js";

/** A module to run. */
export interface ModuleReference {
  /** The whole path of its file. */
  readonly file: string;
  /** What it is called in messages: its path as seen from the working directory. */
  readonly name: string;
  /** The export that is meant; `undefined` to look for it. */
  readonly exported: string | undefined;
}

/** What may be left out at the end. */
const extensions = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx"] as const;

/**
 * Finds the file.
 *
 * @param reference - such as `app.js`, `src/app` or `app.ts:createApp`
 * @param folder - where it is looked for
 * @throws {RunError} if there is none
 */
export async function findModule(reference: string, folder: string): Promise<ModuleReference> {
  // At least two characters come before the colon: one alone is the letter of a drive.
  const [, path = reference, exported] =
    /^(..+):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(reference) ?? [];
  for (const extension of extensions) {
    const file = resolve(folder, path + extension);
    if (await isFile(file)) return { file, name: relative(folder, file), exported };
  }
  throw new RunError(
    `expected the file of a module, but there is no ${path} in ${folder}; give its path, as in jackfield run app.js`,
  );
}

/** Whether it is TypeScript, which has to be made JavaScript first. */
export function isTypeScript({ file }: ModuleReference): boolean {
  return /\.([cm]?ts|tsx)$/.test(file);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
