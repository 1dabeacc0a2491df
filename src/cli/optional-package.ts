/** Packages that need not be installed: they are loaded when something needs them. */

import { RunError } from "../errors.js";

/**
 * Loads one, or gives `undefined` if it isn't installed.
 *
 * @param name - of the package
 * @param load - imports it
 */
export async function importIfInstalled<Exports>(
  name: string,
  load: () => Promise<Exports>,
): Promise<Exports | undefined> {
  try {
    return await load();
  } catch (error) {
    if (isMissing(error, name)) return undefined;
    throw error;
  }
}

/**
 * Loads one that an option needs.
 *
 * @param install - what installs it
 * @throws {RunError} if it isn't installed, with what to do
 */
export async function importOptional<Exports>(
  name: string,
  option: string,
  load: () => Promise<Exports>,
  install = "npm install --save-dev",
): Promise<Exports> {
  const exports = await importIfInstalled(name, load);
  if (exports !== undefined) return exports;
  throw new RunError(
    `option ${option}: expected the package ${name}, but it is not installed; ${install} ${name}`,
  );
}

/** Whether that package itself is not there: one that it needs is another matter. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || Reflect.get(error, "code") !== "ERR_MODULE_NOT_FOUND") return false;
  return error.message.includes(`'${name}'`);
}
