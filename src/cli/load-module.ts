/** Loads a module of JavaScript or TypeScript. */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { RunError } from "../errors.js";
import { sentenceOf } from "./failure.js";
import { isTypeScript, type ModuleReference } from "./module-reference.js";

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/** What makes JavaScript of TypeScript: the package tsx, Node, which removes the types and no more, or nothing. */
type Loader = "tsx" | "node" | "none";

/**
 * Loads a module. One of TypeScript is loaded by tsx where the project has it, else by Node itself: so a project is
 * loaded alike by all versions of Node, and may have what is more than types, such as decorators.
 *
 * @throws {RunError} if it fails, with what it threw as the cause, or if nothing here can load TypeScript
 */
export async function loadModule(module: ModuleReference): Promise<Exports> {
  const { file, name } = module;
  const loader = isTypeScript(module) ? await typeScriptLoader(file) : "node";
  if (loader === "none") throw nothingLoads(name);
  try {
    return (await import(pathToFileURL(file).href)) as Exports;
  } catch (error) {
    const hint = isTypeScript(module) && loader === "node" ? hintFor(error) : "";
    throw new RunError(`expected ${name} to load, but it failed: ${sentenceOf(error)}${hint}`, {
      cause: error,
    });
  }
}

/** Finds who loads TypeScript, and has tsx load whatever comes from now on. */
async function typeScriptLoader(file: string): Promise<Loader> {
  const tsx = tsxOf(file);
  if (tsx !== undefined) {
    await import(pathToFileURL(tsx).href);
    return "tsx";
  }
  // Since Node 22.18.
  return Boolean(Reflect.get(process.features, "typescript")) && !file.endsWith("x") ? "node" : "none";
}

/** Where the package tsx is, as the project has it. */
function tsxOf(file: string): string | undefined {
  try {
    return createRequire(file).resolve("tsx");
  } catch {
    return undefined;
  }
}

function nothingLoads(name: string): RunError {
  const newer = name.endsWith("x") ? "" : "use Node 22.18 or newer, or ";
  return new RunError(
    `expected JavaScript, but ${name} is TypeScript, which Node ${process.versions.node} doesn't load; ` +
      `${newer}npm install --save-dev tsx, or give the file that it is compiled to`,
  );
}

/** Where it may be that Node doesn't understand what is TypeScript nevertheless. */
function hintFor(error: unknown): string {
  const code = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (!(error instanceof SyntaxError) && code !== "ERR_MODULE_NOT_FOUND") return "";
  return (
    "; Node loads TypeScript without decorators, enums, paths of tsconfig.json and .js for .ts: " +
    "for these, npm install --save-dev tsx"
  );
}
