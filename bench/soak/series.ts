/** What is plotted and judged, and how much of each is noise. */

import type { Sample, ServerFacts } from "./facts.js";

const MIB = 2 ** 20;

/** How much something may grow while the load stays the same. */
export interface Tolerance {
  /** In the unit of the series. */
  readonly absolute: number;
  /** A part of the median; the larger of both holds. */
  readonly relative: number;
}

export interface Series {
  readonly title: string;
  readonly unit: string;
  /** @param before - the sample before it, if there is one */
  readonly valueOf: (sample: Sample, before: Sample | undefined) => number;
  /** Without it, the series is shown, but not judged. */
  readonly tolerance?: Tolerance;
  /** In a run that is shorter it isn't judged, in milliseconds. @default 0 */
  readonly judgedFrom?: number;
  /** Whether there must be no more of it at the end than at the start, not even within the tolerance. @default false */
  readonly isExact?: boolean;
}

const MINUTE = 60_000;

function memory(
  title: string,
  bytesOf: (server: ServerFacts) => number,
  rest: Pick<Series, "tolerance" | "judgedFrom">,
): Series {
  return { title, unit: "MiB", valueOf: ({ server }) => bytesOf(server) / MIB, ...rest };
}

function count(title: string, name: "descriptors" | "timers" | "handles" | "sockets"): Series {
  return {
    title,
    unit: "",
    valueOf: ({ server }) => server[name],
    tolerance: { absolute: 30, relative: 0.1 },
    isExact: true,
  };
}

/** A counter's growth per second. */
function rate(title: string, unit: string, counterOf: (sample: Sample) => number): Series {
  return {
    title,
    unit,
    valueOf: (sample, before) =>
      before === undefined || sample.at === before.at
        ? 0
        : ((counterOf(sample) - counterOf(before)) / (sample.at - before.at)) * 1000,
  };
}

export const series: readonly Series[] = [
  // The young generation and the allocator's pools take their size in the first minutes.
  memory("Resident memory", ({ rss }) => rss, {
    tolerance: { absolute: 8, relative: 0.05 },
    judgedFrom: 5 * MINUTE,
  }),
  memory("Heap in use", ({ heapUsed }) => heapUsed, { tolerance: { absolute: 2, relative: 0.05 } }),
  // What waits for slow readers is here: it comes and goes by megabytes.
  memory("Memory outside of the heap", ({ external }) => external, {
    tolerance: { absolute: 6, relative: 0.1 },
    judgedFrom: MINUTE,
  }),
  count("File descriptors", "descriptors"),
  count("Timers", "timers"),
  count("Other handles and requests", "handles"),
  count("Open sockets", "sockets"),
  { title: "Event loop delay, 99th percentile", unit: "ms", valueOf: ({ server }) => server.delay },
  rate("Messages that clients got", "/s", ({ load }) => load.messages),
  rate("Processor time of the server", "ms/s", ({ server }) => server.cpu),
];
