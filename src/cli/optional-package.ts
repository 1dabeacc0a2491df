/** Packages that need not be installed: they are loaded when an option needs them. */

import { RunError } from "../errors.js";

/**
 * Loads one.
 *
 * @param name - of the package
 * @param option - what needs it
 * @param load - imports it
 * @throws {RunError} if it isn't installed, with what to do
 */
export async function importOptional<Exports>(
  name: string,
  option: string,
  load: () => Promise<Exports>,
): Promise<Exports> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    throw new RunError(
      `option ${option}: expected the package ${name}, but it is not installed; npm install --save-dev ${name}`,
    );
  }
}

/** Whether that package itself is not there: one that it needs is another matter. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || Reflect.get(error, "code") !== "ERR_MODULE_NOT_FOUND") return false;
  return error.message.includes(`'${name}'`);
}
