/** Whether a run was flat, and left nothing. */

import { median } from "../median.js";
import { theilSen } from "./statistics.js";
import type { Sample } from "./facts.js";
import type { Series } from "./series.js";

/** What came of a run. */
export interface Run {
  /** At rest, before the load. */
  readonly start: Sample;
  /** Under load. */
  readonly samples: readonly Sample[];
  /** At rest again. */
  readonly end: Sample;
}

/** The figures of one series. */
export interface Finding {
  readonly series: Series;
  readonly start: number;
  readonly median: number;
  readonly end: number;
  /** How much it grew in the second half, by the robust slope. */
  readonly growth: number;
  /** How much it may; `undefined` if it isn't judged. */
  readonly allowed: number | undefined;
  readonly isFlat: boolean;
  readonly isBack: boolean;
}

export function findingOf(series: Series, { start, samples, end }: Run): Finding {
  const points = samples.map((sample, at) => ({
    at: sample.at,
    value: series.valueOf(sample, samples[at - 1] ?? start),
  }));
  const half = points.slice(points.length >> 1);
  const duration = (half.at(-1)?.at ?? 0) - (half[0]?.at ?? 0);
  const typical = median(points.map(({ value }) => value)) ?? 0;
  const growth = theilSen(half) * duration;
  const allowed = allowanceOf(series, typical, end.at);
  const [before, after] = [series.valueOf(start, undefined), series.valueOf(end, undefined)];
  return {
    series,
    start: before,
    median: typical,
    end: after,
    growth,
    allowed,
    isFlat: allowed === undefined || growth <= allowed,
    isBack: allowed === undefined || after <= before + (series.isExact === true ? 0 : allowed),
  };
}

function allowanceOf({ tolerance, judgedFrom = 0 }: Series, typical: number, duration: number) {
  if (tolerance === undefined || duration < judgedFrom) return undefined;
  return Math.max(tolerance.absolute, tolerance.relative * typical);
}

/** What is wrong with a run, in sentences; nothing if it is as it should be. */
export function problemsOf(findings: readonly Finding[], { end }: Run): string[] {
  const errors = Object.entries(end.load.errors);
  const { faults } = end.server;
  return [
    ...findings.flatMap(problemsOfFinding),
    ...errors.map(([error, times]) => `clients saw an error ${times} times: ${error}`),
    ...(faults > 0 ? [`the server logged ${faults} errors and warnings that nobody has caused`] : []),
  ];
}

function problemsOfFinding(finding: Finding): string[] {
  const { series, growth, allowed = 0, start, end, isFlat, isBack } = finding;
  const name = `${series.title}${series.unit === "" ? "" : `, ${series.unit}`}`;
  return [
    ...(isFlat
      ? []
      : [`${name}: grew by ${shown(growth)} in the second half; ${shown(allowed)} would be noise`]),
    ...(isBack ? [] : [`${name}: ${shown(start)} before the load, ${shown(end)} after it`]),
  ];
}

/** As readers see it. */
export function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
