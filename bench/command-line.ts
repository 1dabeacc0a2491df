/** What the command lines of the benchmark and of the soak have in common. */

import { messageOf } from "./error-message.js";

/** A mistake in the command line; the message is for the one who typed it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The folder for the report, or `"docs"`; `undefined` stands for the usual one. */
export type ReportPlace = { readonly folder: string } | "docs" | undefined;

/** @throws {UsageError} if both options are given */
export function reportPlaceOf({
  publish = false,
  out,
}: {
  readonly publish?: boolean | undefined;
  readonly out?: string | undefined;
}): ReportPlace {
  if (publish && out !== undefined)
    throw new UsageError("--publish writes into the docs, and --out elsewhere; give one of them");
  if (publish) return "docs";
  return out === undefined ? undefined : { folder: out };
}

/** @throws {UsageError} */
export function readNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= min && value <= max)) {
    throw new UsageError(`--${name} takes a number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

/** What `parseArgs` has thrown, for the one who typed it. */
export function usageErrorOf(error: unknown): UsageError {
  // What follows the first sentence is advice on quoting.
  return new UsageError(messageOf(error).split(". ", 1)[0], { cause: error });
}
