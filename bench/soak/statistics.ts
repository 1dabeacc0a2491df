/** Statistics that a few outliers don't spoil. */

export interface Point {
  readonly at: number;
  readonly value: number;
}

/** @returns 0 without values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}

/** More points are thinned out, as each is compared with each. */
const MAX_POINTS = 1_000;

/** The slope of Theil and Sen: the median of the slopes between all pairs of points. */
export function theilSen(all: readonly Point[]): number {
  const step = Math.ceil(all.length / MAX_POINTS);
  const points = all.filter((_, at) => at % step === 0);
  const slopes: number[] = [];
  for (const [at, a] of points.entries())
    for (const b of points.slice(at + 1)) if (b.at > a.at) slopes.push((b.value - a.value) / (b.at - a.at));
  return median(slopes);
}
