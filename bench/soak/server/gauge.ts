/** Reads what this process uses. */

import { readdirSync } from "node:fs";
import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import { cpuTime, type ServerFacts } from "../facts.js";

/** How finely the delay is measured, in milliseconds: so much is part of it. */
const RESOLUTION = 10;

const NANOSECONDS = 1e6;

export class Gauge {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION });

  constructor() {
    this.#delay.enable();
  }

  /** @param known - what only the application can tell */
  read(known: Pick<ServerFacts, "sockets" | "faults">): ServerFacts {
    const delay = Math.max(0, this.#delay.percentile(99) / NANOSECONDS - RESOLUTION);
    globalThis.gc?.();
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const active = process.getActiveResourcesInfo();
    const timers = active.filter((name) => name === "Timeout").length;
    const momentary = active.filter((name) => name === "Immediate").length;
    this.#delay.reset();
    return {
      rss,
      heapUsed,
      external,
      arrayBuffers,
      descriptors: descriptors(),
      timers,
      handles: active.length - timers - momentary,
      delay,
      cpu: cpuTime(),
      ...known,
    };
  }
}

function descriptors(): number {
  if (process.platform !== "linux") return 0;
  return readdirSync("/proc/self/fd").length - 1; // not the one that reads the folder
}
