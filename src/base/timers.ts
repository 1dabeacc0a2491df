/**
 * The clock and the timers of the engine. They are Node's own, whatever a test suite has put in the place of the global
 * ones, before this module was loaded or after it; and what they call runs in the context of no request.
 *
 * A fake timer that is never turned would not only stop the connection that set it: what all connections share would wait
 * for it, also after the test has put the real timers back.
 */

import { performance } from "node:perf_hooks";
import nodeTimers from "node:timers";
import { scheduler } from "node:timers/promises";
import { promisify } from "node:util";
import { inRootContext } from "./root-context.js";

/** What Node's timers can wait at most, in milliseconds: a bit less than 25 days. */
export const LONGEST_TIMEOUT: number = 2 ** 31 - 1;

/** A task that is done after a delay. */
export interface Timer {
  /** Has the task not be done. */
  close(): void;
  /** Begins the delay anew, also after the task was done. */
  refresh(): void;
}

interface SleepOptions {
  /** Ends the wait early: the promise is rejected. */
  readonly signal?: AbortSignal;
  /** Whether the process stays alive for it. @default true */
  readonly ref?: boolean;
}

interface SchedulerMethods {
  readonly wait: (this: typeof scheduler, delay: number, options: SleepOptions) => Promise<void>;
  readonly yield: (this: typeof scheduler) => Promise<void>;
}

interface PerformanceMethods {
  readonly now: (this: typeof performance) => number;
}

// What is on prototypes is Node's own: fakes are put onto the objects, if at all.
const { wait, yield: yieldTurn } = Object.getPrototypeOf(scheduler) as SchedulerMethods;
const { now: readClock } = Object.getPrototypeOf(performance) as PerformanceMethods;

/** Milliseconds since some time in the past. They only ever go forward. */
export const now: () => number = readClock.bind(performance);

/** Waits for `delay` milliseconds. @throws what `signal` was aborted with */
export function sleep(delay: number, options: SleepOptions = {}): Promise<void> {
  return inRootContext(waitFor, delay, options);
}

function waitFor(delay: number, options: SleepOptions): Promise<void> {
  return wait.call(scheduler, Math.min(delay, LONGEST_TIMEOUT), options);
}

/** Waits until everything that has arrived in this turn of the event loop is handled. */
export function nextTurn(): Promise<void> {
  return inRootContext(turn);
}

function turn(): Promise<void> {
  return yieldTurn.call(scheduler);
}

/** The same task by the scheduler, which knows only promises. */
class ScheduledTimer implements Timer {
  readonly #task: () => void;
  readonly #delay: number;
  readonly #ref: boolean;
  #abort = new AbortController();

  constructor(task: () => void, delay: number, ref: boolean) {
    this.#task = task;
    this.#delay = delay;
    this.#ref = ref;
    this.refresh();
  }

  close(): void {
    this.#abort.abort();
  }

  refresh(): void {
    this.close();
    this.#abort = new AbortController();
    void sleep(this.#delay, { signal: this.#abort.signal, ref: this.#ref }).then(this.#task, nothing);
  }
}

function nothing(): void {}

/** Whether this is Node's own: only there, what `promisify` makes of it is computed when it is asked for. */
function isGenuine(timer: object): boolean {
  return Object.getOwnPropertyDescriptor(timer, promisify.custom)?.get !== undefined;
}

const { setTimeout, setImmediate } = nodeTimers;

type StartTimer = (task: () => void, delay: number, ref: boolean) => Timer;

const startHere: StartTimer = isGenuine(setTimeout)
  ? (task, delay, ref) => {
      const timer = setTimeout(task, Math.min(delay, LONGEST_TIMEOUT));
      return ref ? timer : timer.unref();
    }
  : (task, delay, ref) => new ScheduledTimer(task, delay, ref);

/**
 * Does a task after `delay` milliseconds.
 *
 * @param options.ref - whether the process stays alive for it. @default true
 */
export function startTimer(
  task: () => void,
  delay: number,
  { ref = true }: Pick<SleepOptions, "ref"> = {},
): Timer {
  return inRootContext(startHere, task, delay, ref);
}

/** Does a task as soon as what runs now is through: by a promise, as those are never faked. */
export function soon(task: () => void): void {
  void Promise.resolve().then(task);
}

/** Does a task every `delay` milliseconds. The process does not stay alive for it. */
export function startInterval(task: () => void, delay: number): Pick<Timer, "close"> {
  const again = (): void => {
    timer.refresh(); // first, so that it goes on whatever becomes of the task
    task();
  };
  const timer = startTimer(again, delay, { ref: false });
  return timer;
}

type StartTurn = <Args extends unknown[]>(task: (...args: Args) => void, ...args: Args) => void;

const startTurn: StartTurn = isGenuine(setImmediate)
  ? setImmediate
  : (task, ...args) => void turn().then(() => task(...args));

/** Does a task when everything that has arrived in this turn of the event loop is handled. */
export const atEndOfTurn: StartTurn = (task, ...args) => {
  inRootContext<[typeof task, ...typeof args], void>(startTurn, task, ...args);
};
