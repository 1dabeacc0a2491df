/** The one way to call the logger that an app gave: whatever goes wrong with it does no harm. */

import { isPromise } from "./promises.js";
import { toleratingFailures } from "./stream-failures.js";

/** What an app may give; one for warnings only has no `error`. */
export interface LoggerMethods {
  error?(message: string, error?: unknown): unknown;
  warn(message: string): unknown;
}

/**
 * Calls a logger. Its methods never throw: what the logger throws, or rejects with, goes to the console as the last resort.
 * Settings have a logger of this class only, which has a private member so that no other object can stand in for it.
 */
export class SafeLogger {
  readonly #given: LoggerMethods;

  constructor(given: LoggerMethods) {
    this.#given = given;
  }

  /** Whether the app gave none. */
  get isConsole(): boolean {
    return this.#given === console;
  }

  error(message: string, error?: unknown): void {
    attempt(() => this.#given.error?.(message, error));
  }

  warn(message: string): void {
    attempt(() => this.#given.warn(message));
  }
}

function attempt(log: () => unknown): void {
  toleratingFailures(process.stderr, () => {
    try {
      const outcome = log();
      if (isPromise(outcome)) outcome.then(undefined, complain);
    } catch (error) {
      complain(error);
    }
  });
}

function complain(error: unknown): void {
  lastResort("jackfield: a logger failed", error);
}

/** Tells the console that what is there to be told of faults has failed itself. Never throws. */
export function lastResort(message: string, error: unknown): void {
  toleratingFailures(process.stderr, () => {
    try {
      // oxlint-disable-next-line no-console -- nothing else is left
      console.error(message, error);
    } catch {
      // A console that an app has replaced may throw.
    }
  });
}
