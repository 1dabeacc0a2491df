/** The threads behind a handler, by Piscina. */

import { Piscina } from "piscina";
import { inContextOfItsOwn } from "../base/root-context.js";
import { LONGEST_TIMEOUT, startTimer } from "../base/timers.js";
import { deferred, type Deferred } from "../connection/promises.js";
import { WorkerError, describe } from "../errors.js";
import { DEFAULT_GRACE, type DrainOptions } from "../routing/open-sockets.js";
import { check } from "../routing/option-checks.js";
import type { WorkerSettings } from "./worker-options.js";

export class WorkerPool {
  readonly #file: string;
  readonly #settings: WorkerSettings;
  /** Started with the first message. */
  #threads: Piscina | undefined;
  #underWay = 0;
  #isClosed = false;
  /** Settles when nothing is under way any more; made when it is waited for. */
  #idle: Deferred<void> | undefined;

  /** @param file - absolute */
  constructor(file: string, settings: WorkerSettings) {
    this.#file = file;
    this.#settings = settings;
  }

  /** Has the function of the file called in a thread. */
  async run(input: unknown): Promise<unknown> {
    const { maxThreads, maxQueue } = this.#settings;
    if (this.#isClosed)
      throw new WorkerError("closed", `expected an open worker, but that of ${this.#file} was closed`);
    // Piscina's own limit doesn't hold for tasks that can be aborted.
    if (this.#underWay >= maxThreads + maxQueue) {
      const problem = `${this.#underWay} are under way in ${maxThreads} threads of ${this.#file}`;
      throw new WorkerError("busy", `expected at most ${maxQueue} waiting messages, but ${problem}`);
    }
    this.#underWay++;
    try {
      this.#threads ??= inContextOfItsOwn(() => this.#start());
      return await this.#runIn(this.#threads, input);
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) this.#idle?.resolve();
    }
  }

  async #runIn(threads: Piscina, input: unknown): Promise<unknown> {
    const { timeout } = this.#settings;
    const late = timeout > LONGEST_TIMEOUT ? undefined : new AbortController();
    const timer = late && startTimer(() => late.abort(), timeout);
    try {
      return await inContextOfItsOwn(() => this.#post(threads, input, late?.signal ?? null)); // it may start a thread
    } catch (error) {
      this.#replaceIfGone(threads);
      throw late?.signal.aborted === true ? this.#tooLate(error) : this.#readable(error);
    } finally {
      timer?.close();
    }
  }

  #tooLate(cause: unknown): WorkerError {
    const expected = `expected an answer within ${this.#settings.timeout} ms`;
    return new WorkerError("late", `${expected}, but ${this.#file} had not answered then`, cause);
  }

  /** Some errors lose all that they say on their way between threads; on Node 20, that of a result that can't be cloned. */
  #readable(error: unknown): unknown {
    if (typeof error !== "object" || error instanceof Error) return error;
    const expected = "expected a result that can be cloned, or an Error";
    return new WorkerError("unreadable", `${expected}, but ${this.#file} gave ${describe(error)}`, error);
  }

  #post(threads: Piscina, input: unknown, signal: AbortSignal | null): Promise<unknown> {
    // Given with each task, not once for all: a file that cannot be imported fails its message then, not its thread.
    const filename = this.#file;
    if (!(input instanceof Uint8Array)) return threads.run(input, { filename, signal });
    // A clone would be one of the whole buffer that these bytes are a part of.
    const bytes = new Uint8Array(input);
    return threads.run(bytes, { filename, signal, transferList: [bytes.buffer] });
  }

  #start(): Piscina {
    const { minThreads, maxThreads, idleTimeout, resourceLimits, workerData } = this.#settings;
    const threads = new Piscina({
      minThreads,
      maxThreads,
      idleTimeout: idleTimeout > LONGEST_TIMEOUT ? Infinity : idleTimeout,
      resourceLimits,
      workerData,
      recordTiming: false,
    });
    threads.on("error", (error: unknown) => {
      this.#settings.logger.error(`jackfield: a thread of ${this.#file} failed between messages`, error);
      this.#replaceIfGone(threads);
    });
    return threads;
  }

  /** Piscina replaces a thread that ends, but none after one that could not even begin: what waits would do so forever. */
  #replaceIfGone(threads: Piscina): void {
    if (threads.threads.length > 0) return;
    if (this.#threads === threads) this.#threads = undefined;
    void threads.destroy(); // what waits fails; it never rejects itself
  }

  /** Ends the threads, when nothing is under way any more or the grace period is over. */
  async close(options: DrainOptions = {}): Promise<void> {
    check(options, "grace", "a number, at least 0", (value) => typeof value === "number" && value >= 0);
    const { grace = DEFAULT_GRACE } = options;
    this.#isClosed = true;
    if (this.#underWay > 0) {
      const idle = (this.#idle ??= deferred<void>());
      const timer = startTimer(idle.resolve, grace);
      await idle.promise;
      timer.close();
    }
    await this.#threads?.destroy();
  }
}
