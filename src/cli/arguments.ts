/** What stands behind the name of a command: flags, and arguments between them. */

import { parseArgs, type ParseArgsConfig } from "node:util";
import { InvalidOptionError, RunError } from "../errors.js";
import { sentenceOf } from "./failure.js";

/** The flags that there are, by their names. */
export type Flags = NonNullable<ParseArgsConfig["options"]>;

/** What was given. */
export interface Arguments {
  /** By the names of their flags: text, `true` or `false`, or a list of texts; `undefined` for what was not given. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

/**
 * Reads arguments.
 *
 * @param help - the command that tells what there is
 * @throws {RunError} if there is a flag that isn't known, or one without its value
 */
export function readArguments(args: readonly string[], options: Flags, help: string): Arguments {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true });
  } catch (error) {
    throw new RunError(`${sentenceOf(error)}; see ${help}`);
  }
}

/** The value of a flag that takes text. */
export function textIn({ values }: Arguments, flag: string): string | undefined {
  const value = values[flag];
  return typeof value === "string" ? value : undefined;
}

/** The values of a flag that may be given several times. */
export function textsIn({ values }: Arguments, flag: string): readonly string[] {
  const value = values[flag];
  return Array.isArray(value) ? value.map(String) : [];
}

/** The value of a flag that takes a whole number. @throws {InvalidOptionError} if it is none */
export function numberIn(args: Arguments, flag: string, least: number): number | undefined {
  const text = textIn(args, flag);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidOptionError(`--${flag}`, `a whole number, at least ${least}`, text);
}
