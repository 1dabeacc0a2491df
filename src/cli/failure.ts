/** How a failure is told: in a sentence, and where the app is at fault, with its stack. */

import { inspect } from "node:util";
import { JackfieldError } from "../errors.js";

/** The first line of an error. */
export function sentenceOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

/** The sentence, and what helps to find the fault. */
export function failureText(error: unknown): string {
  const details = detailsOf(error);
  return details === undefined ? sentenceOf(error) : `${sentenceOf(error)}\n${details}`;
}

/** What helps to find the fault: the stack of what is no error of ours; `undefined` where the sentence is enough. */
export function detailsOf(error: unknown): string | undefined {
  if (!(error instanceof JackfieldError)) return inspect(error);
  const { cause } = error;
  if (cause === undefined || lacksPlace(cause)) return undefined;
  return typeof cause === "string" ? cause : inspect(cause);
}

/** Whether it is the syntax of a module that is wrong, and the stack doesn't say where. */
function lacksPlace(cause: unknown): boolean {
  if (!(cause instanceof SyntaxError)) return false;
  const [, ...calls] = cause.stack?.split("\n") ?? [];
  return calls.every((call) => call.includes("(node:internal/"));
}

/**
 * Ends the process with the exit code 1. Which place of a module is wrong, only Node knows: it tells it of an error of
 * syntax that nobody catches.
 */
export function exitAfter(error: unknown): void {
  const cause = error instanceof JackfieldError ? error.cause : error;
  if (!lacksPlace(cause)) process.exit(1);
  setImmediate(() => process.exit(1)); // should the app catch it
  process.nextTick(() => {
    throw cause;
  });
}
