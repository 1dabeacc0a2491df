import { performance } from "node:perf_hooks"; // the global one is looked up at each use
import { setImmediate as turn } from "node:timers/promises";
import type { Coverage } from "./coverage.js";
import { minimise } from "./minimise.js";
import { mutate } from "./mutate.js";
import { Random } from "./random.js";
import type { Target } from "./target.js";

/**
 * After so many inputs it is looked at what they have reached: after few as long as there is something new again and again,
 * as it takes long to find who it was; after many later, as to look takes some milliseconds.
 */
const SMALLEST_BATCH = 8;
const LARGEST_BATCH = 4_096;

/** So many inputs are mutated further; of more, new ones take the places of old ones. */
const MOST_KEPT = 2_000;

/** So many kinds of outcomes are told apart. */
const MOST_OUTCOMES = 3_000;

/** A target that has failed in so many ways is given up. */
const MOST_FAILURES = 5;

/** Inputs longer than this are rather left as they are, in bytes. */
const LARGE = 300;

/** No input may take longer, in milliseconds. */
const SLOW = 5_000;

export interface RunOptions {
  readonly seed: number;
  /** The inputs to begin with. */
  readonly inputs: readonly Buffer[];
  /** How long to run, in milliseconds. */
  readonly time: number;
  /** After so many inputs it is over, even if there is time. @default Infinity */
  readonly maxInputs?: number;
  /** Without it, only new outcomes guide the run. */
  readonly coverage?: Coverage | undefined;
}

/** An input for which something doesn't hold, made as small as possible. */
export interface FoundFailure {
  readonly input: Buffer;
  readonly error: unknown;
}

export interface RunReport {
  readonly count: number;
  readonly seconds: number;
  readonly outcomes: number;
  /** Those that reached what none had reached before. */
  readonly reaching: readonly Buffer[];
  readonly failures: readonly FoundFailure[];
}

/** Runs a target with inputs of all kinds, and goes on from those that had it do something new. */
export async function guidedRun(target: Target, options: RunOptions): Promise<RunReport> {
  return new GuidedRun(target, options).run();
}

class GuidedRun {
  readonly #target: Target;
  readonly #options: RunOptions;
  readonly #random: Random;
  readonly #kept: Buffer[] = [];
  readonly #reaching: Buffer[] = [];
  readonly #outcomes = new Set<string>();
  /** Those that fail, by what they fail with. */
  readonly #failures = new Map<string, Buffer>();
  #count = 0;
  #batch = SMALLEST_BATCH;

  constructor(target: Target, options: RunOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async run(): Promise<RunReport> {
    const start = performance.now();
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0; // many inputs make errors, whose traces nobody reads
    try {
      await this.#runUntil(start + this.#options.time);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    return {
      count: this.#count,
      seconds: (performance.now() - start) / 1_000,
      outcomes: this.#outcomes.size,
      reaching: this.#reaching,
      failures: await Promise.all(
        [...this.#failures.values()].map(async (input) => this.#failureWith(input)),
      ),
    };
  }

  async #runUntil(end: number): Promise<void> {
    const { maxInputs = Infinity, inputs } = this.#options;
    await this.#runBatch(inputs);
    while (performance.now() < end && this.#count < maxInputs && this.#failures.size < MOST_FAILURES) {
      const size = Math.min(this.#batch, maxInputs - this.#count);
      await this.#runBatch(Array.from({ length: size }, () => this.#nextInput()));
      await turn(); // for what the code has left to be done later
    }
  }

  #nextInput(): Buffer {
    if (this.#kept.length === 0 || this.#random.oneIn(4)) return this.#target.generate(this.#random);
    const [input, other] = [this.#random.pick(this.#kept), this.#random.pick(this.#kept)];
    // Large ones take long: they have their turn less often.
    if (input.length > LARGE && !this.#random.oneIn(20)) return this.#target.generate(this.#random);
    return mutate(this.#target, input, other, this.#random);
  }

  async #runBatch(inputs: readonly Buffer[]): Promise<void> {
    const { coverage } = this.#options;
    coverage?.take();
    for (const input of inputs) await this.#runOne(input);
    const reach = coverage?.take();
    this.#batch = Math.min(2 * this.#batch, LARGEST_BATCH);
    if (coverage === undefined || reach === undefined || !coverage.isNew(reach)) return;
    this.#batch = Math.max(SMALLEST_BATCH, this.#batch >> 2);
    await this.#search(coverage, inputs);
    coverage.add(reach); // also what could not be had a second time
  }

  async #runOne(input: Buffer): Promise<void> {
    this.#count++;
    try {
      const outcome = await this.#timed(input);
      if (this.#outcomes.has(outcome) || this.#outcomes.size === MOST_OUTCOMES) return;
      this.#outcomes.add(outcome);
      this.#keep(input);
    } catch (error) {
      await this.#note(input, error);
    }
  }

  /** Not `async`: most targets have nothing to wait for. */
  #timed(input: Buffer): string | Promise<string> {
    const start = performance.now();
    const outcome = this.#target.run(input);
    const time = performance.now() - start;
    if (time > SLOW) throw new Error(`expected an input to take less than ${SLOW} ms, but it took ${time}`);
    return outcome;
  }

  /** Finds those that reached something new, half by half: to look after each of all inputs would take too long. */
  async #search(coverage: Coverage, inputs: readonly Buffer[]): Promise<void> {
    for (const input of inputs) await failureOf(this.#target, input);
    const reach = coverage.take();
    if (!coverage.isNew(reach)) return;
    const [input, ...more] = inputs;
    if (input !== undefined && more.length === 0) {
      coverage.add(reach);
      if ((await failureOf(this.#target, input)) === undefined) this.#reaching.push(input);
      this.#keep(input);
      return;
    }
    const middle = Math.floor(inputs.length / 2);
    await this.#search(coverage, inputs.slice(0, middle));
    await this.#search(coverage, inputs.slice(middle));
  }

  #keep(input: Buffer): void {
    if (this.#kept.length < MOST_KEPT) this.#kept.push(input);
    else this.#kept[this.#random.below(MOST_KEPT)] = input;
  }

  async #note(input: Buffer, error: unknown): Promise<void> {
    const name = nameOf(error);
    if (this.#failures.has(name) || this.#failures.size === MOST_FAILURES) return;
    const smallest = await minimise(input, async (smaller) => {
      const failure = await failureOf(this.#target, smaller);
      return failure !== undefined && nameOf(failure.error) === name;
    });
    this.#failures.set(name, smallest);
  }

  /** Once more, for the trace. */
  async #failureWith(input: Buffer): Promise<FoundFailure> {
    const failure = await failureOf(this.#target, input);
    return { input, error: failure?.error ?? new Error("expected the input to fail a second time") };
  }
}

/** Runs one input. @returns what doesn't hold, or `undefined` if everything does */
export async function failureOf(
  target: Target,
  input: Buffer,
): Promise<{ readonly error: unknown } | undefined> {
  try {
    await target.run(input);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** Failures with the same first line, whatever numbers are in it, are of the same kind. */
function nameOf(error: unknown): string {
  return (String(error).split("\n")[0] ?? "").replaceAll(/\d+/g, "N");
}
