/** One run: a warm-up, a rest, the load, and a rest again. */

import { setTimeout as wait } from "node:timers/promises";
import { Child } from "../child.js";
import type { LoadFacts, Question, Sample, ServerFacts } from "./facts.js";
import type { Run } from "./verdict.js";

/** How long the load lasts, and what else a run takes, in milliseconds. */
export interface Pace {
  readonly duration: number;
  /** Load before the start, so that code is compiled and pools are filled. */
  readonly warmUp: number;
  /** Between two samples. */
  readonly interval: number;
}

/** How long connections may take to be gone when the last client has left, in milliseconds. */
const PATIENCE = 15_000;

export function paceFor(duration: number): Pace {
  return {
    duration,
    warmUp: within(1_500, duration / 8, 60_000),
    interval: within(100, duration / 60, 1_000),
  };
}

function within(low: number, value: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** One that tells its ports first. */
type SoakChild<Facts> = Child<readonly string[], Question, Facts>;

export class Soak {
  readonly #server: SoakChild<ServerFacts>;
  readonly #load: SoakChild<LoadFacts>;
  #began = 0;

  private constructor(server: SoakChild<ServerFacts>, load: SoakChild<LoadFacts>) {
    this.#server = server;
    this.#load = load;
  }

  /** Starts both processes, runs, and ends them. @throws {Error} if one of them fails */
  static async run(pace: Pace, progress: (sample: Sample) => void): Promise<Run> {
    const server: SoakChild<ServerFacts> = new Child("server", new URL("server/main.js", import.meta.url));
    try {
      const program = new URL("load/main.js", import.meta.url);
      const load: SoakChild<LoadFacts> = new Child("load", program, { args: await server.ready });
      try {
        await load.ready;
        return await new Soak(server, load).#run(pace, progress);
      } finally {
        await load.stop();
      }
    } finally {
      await server.stop();
    }
  }

  async #run({ duration, warmUp, interval }: Pace, progress: (sample: Sample) => void): Promise<Run> {
    const nothing = await this.#sample();
    await this.#load.call("start");
    await wait(warmUp);
    await this.#load.call("stop");
    const start = await this.#rest(nothing);

    this.#began = performance.now();
    await this.#load.call("start");
    const samples: Sample[] = [];
    for (let at = 0; at < duration; at = samples.at(-1)?.at ?? duration) {
      await wait(interval);
      const sample = await this.#sample();
      samples.push(sample);
      progress(sample);
    }
    await this.#load.call("stop");
    return { start, samples, end: await this.#rest(nothing) };
  }

  async #sample(): Promise<Sample> {
    const [server, load] = await Promise.all([this.#server.call("facts"), this.#load.call("facts")]);
    return { at: this.#began === 0 ? 0 : performance.now() - this.#began, server, load };
  }

  /**
   * Waits until nothing is left of the load, or it is clear that something stays. What buffers and zlib held is freed by and
   * by, also after a garbage collection.
   */
  async #rest(nothing: Sample): Promise<Sample> {
    const began = performance.now();
    let held = Infinity;
    for (;;) {
      await wait(200);
      const sample = await this.#sample();
      const isFreeing = sample.server.external < held;
      held = sample.server.external;
      if (isAtRest(sample, nothing) && !isFreeing) return sample;
      if (performance.now() - began > PATIENCE) return sample;
    }
  }
}

function isAtRest({ server }: Sample, { server: nothing }: Sample): boolean {
  return (["sockets", "descriptors", "timers", "handles"] as const).every(
    (name) => server[name] <= nothing[name],
  );
}
