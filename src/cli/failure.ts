/** How a failure is told: in a sentence, and where the app is at fault, with its stack. */

import { inspect } from "node:util";
import { JackfieldError } from "../errors.js";

/** The first line of an error. */
export function sentenceOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

/** What helps to find the fault: the stack of what is no error of ours; `undefined` where the sentence is enough. */
export function detailsOf(error: unknown): string | undefined {
  if (!(error instanceof JackfieldError)) return inspect(error);
  const { cause } = error;
  if (cause === undefined) return undefined;
  return typeof cause === "string" ? cause : inspect(cause);
}
