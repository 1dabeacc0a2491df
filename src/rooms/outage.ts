/** A time in which a broker's server cannot be reached: told once at each end, and spent in growing delays. */

import { now } from "../base/timers.js";
import type { SafeLogger } from "../connection/safe-logger.js";

/** In milliseconds. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5_000;
/** A connection that has held for so long is a good one: after it, delays begin to grow anew. */
const GOOD = 5_000;

export class Outage {
  readonly #server: string;
  readonly #logger: SafeLogger;
  /** When the server could no longer be reached, on the clock of `now`; `undefined` while it can be. */
  #began: number | undefined;
  #ended = -Infinity;
  #delay = FIRST_DELAY;

  /** @param server - as people know it */
  constructor(server: string, logger: SafeLogger) {
    this.#server = server;
    this.#logger = logger;
  }

  /** Warns, if it was not known. */
  began(reason: Error): void {
    if (this.#began !== undefined) return;
    this.#began = now();
    if (this.#began - this.#ended > GOOD) this.#delay = FIRST_DELAY;
    this.warn(`${this.#server} cannot be reached, trying again until it can be: ${messageOf(reason)}`);
  }

  /** Tells that it is over, if there was one. */
  ended(): void {
    this.#ended = now();
    if (this.#began === undefined) return;
    const lasted = Math.round(this.#ended - this.#began);
    this.#began = undefined;
    this.warn(`${this.#server} can be reached again, after ${lasted} ms`);
  }

  /** How long to wait before the next attempt, in milliseconds: at random, so that not all come back at once. */
  nextDelay(): number {
    const delay = this.#delay * (0.5 + Math.random() / 2);
    this.#delay = Math.min(2 * this.#delay, LONGEST_DELAY);
    return delay;
  }

  warn(message: string): void {
    this.#logger.warn(`jackfield: ${message}`);
  }
}

/** Several addresses that were tried fail with one error for each, and with no message of their own. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map((each) => messageOf(each as Error)).join("; ");
  return error.message;
}
