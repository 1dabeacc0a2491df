/** The options of `worker`: what they mean, what holds without them, and what is refused. */

import { availableParallelism } from "node:os";
import type { ResourceLimits } from "node:worker_threads";
import { SafeLogger } from "../connection/safe-logger.js";
import { InvalidOptionError } from "../errors.js";
import { check, checkKnown, isLogger } from "../routing/option-checks.js";
import type { Logger } from "../routing/options.js";

/** How the threads of a handler are. */
export interface WorkerOptions {
  /** The most threads. @default as many as there are processors to be used */
  readonly maxThreads?: number;
  /** So many stay when there is nothing to do; at least 1. @default 1 */
  readonly minThreads?: number;
  /** A thread above `minThreads` that had nothing to do for so long ends, in milliseconds. @default 10000 */
  readonly idleTimeout?: number;
  /** So many messages may wait for a thread; one more fails at once. @default Infinity */
  readonly maxQueue?: number;
  /**
   * So long may a message take, waiting for a thread included, in milliseconds. Then it fails, and the thread that works
   * at it is ended and replaced. @default Infinity
   */
  readonly timeout?: number;
  /**
   * How much memory a thread may use; one that needs more fails with its message, and is replaced. Where it is too little
   * for a thread to begin with, Node ends the whole process.
   */
  readonly resourceLimits?: ResourceLimits;
  /** What the threads find as `workerData` of `node:worker_threads`: the buffer of a `SharedArea`, for example. */
  readonly workerData?: unknown;
  /** Where faults of threads are told that belong to no message. @default console */
  readonly logger?: Logger;
}

/** The options, complete. */
export interface WorkerSettings {
  readonly maxThreads: number;
  readonly minThreads: number;
  readonly idleTimeout: number;
  readonly maxQueue: number;
  readonly timeout: number;
  readonly resourceLimits: ResourceLimits;
  readonly workerData: unknown;
  readonly logger: SafeLogger;
}

const names = [
  "maxThreads",
  "minThreads",
  "idleTimeout",
  "maxQueue",
  "timeout",
  "resourceLimits",
  "workerData",
  "logger",
];

/** Completes the options of `worker`. @throws {InvalidOptionError} */
export function workerSettings(options: WorkerOptions): WorkerSettings {
  checkKnown(options, names);
  check(options, "maxThreads", "a whole number, at least 1", isCount);
  check(options, "minThreads", "a whole number, at least 1", isCount);
  check(options, "idleTimeout", "a number, at least 0", isAmount);
  check(options, "maxQueue", "a number, at least 0", isAmount);
  check(options, "timeout", "a number, above 0", (value) => isAmount(value) && value !== 0);
  check(options, "resourceLimits", "an object", (value) => typeof value === "object" && value !== null);
  check(options, "logger", "an object with the methods error and warn", isLogger);
  const { minThreads = 1, maxThreads = Math.max(minThreads, availableParallelism()) } = options;
  if (minThreads > maxThreads)
    throw new InvalidOptionError("minThreads", `at most maxThreads, which is ${maxThreads}`, minThreads);
  const { idleTimeout = 10_000, maxQueue = Infinity, timeout = Infinity } = options;
  const { resourceLimits = {}, workerData, logger: given = console } = options;
  const logger = new SafeLogger(given);
  return { minThreads, maxThreads, idleTimeout, maxQueue, timeout, resourceLimits, workerData, logger };
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1;
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}
