/** Statistics that a few outliers don't spoil. */

import { median } from "../median.js";

export interface Point {
  readonly at: number;
  readonly value: number;
}

/** More points are thinned out, as each is compared with each. */
const MAX_POINTS = 1_000;

/** The slope of Theil and Sen: the median of the slopes between all pairs of points. @returns 0 without any */
export function theilSen(all: readonly Point[]): number {
  const step = Math.ceil(all.length / MAX_POINTS);
  const points = all.filter((_, at) => at % step === 0);
  const slopes: number[] = [];
  for (const [at, a] of points.entries())
    for (const b of points.slice(at + 1)) if (b.at > a.at) slopes.push((b.value - a.value) / (b.at - a.at));
  return median(slopes) ?? 0;
}
