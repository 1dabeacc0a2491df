/** Loads a module of JavaScript or TypeScript. */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { RunError } from "../errors.js";
import { sentenceOf } from "./failure.js";
import type { ModuleReference } from "./module-reference.js";

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Loads a module.
 *
 * @throws {RunError} if it fails, with what it threw as the cause, or if nothing here can load TypeScript
 */
export async function loadModule({ file, name }: ModuleReference): Promise<Exports> {
  if (/\.[cm]?ts$/.test(file) && !nodeLoadsTypeScript()) await loadTypeScriptBy(file, name);
  try {
    return (await import(pathToFileURL(file).href)) as Exports;
  } catch (error) {
    throw new RunError(`expected ${name} to load, but it failed: ${sentenceOf(error)}`, { cause: error });
  }
}

/** Since Node 22.18, Node strips types itself. */
function nodeLoadsTypeScript(): boolean {
  return Boolean(Reflect.get(process.features, "typescript"));
}

/** Has the package tsx, as the project has it, load whatever comes. */
async function loadTypeScriptBy(file: string, name: string): Promise<void> {
  let tsx: string;
  try {
    tsx = createRequire(file).resolve("tsx/esm/api");
  } catch {
    throw new RunError(
      `expected JavaScript, but ${name} is TypeScript, which Node ${process.versions.node} doesn't load; ` +
        "use Node 22.18 or newer, or npm install --save-dev tsx, or give the file that it is compiled to",
    );
  }
  const { register } = (await import(pathToFileURL(tsx).href)) as { readonly register: () => unknown };
  register();
}
