/**
 * What the samples say: medians, ratios, and whether the goals are met.
 */

import type { PeerId } from "../peers.js";
import type { Cell } from "../run.js";
import { unitOf, type Workload } from "../workloads.js";

/** The peers that all others are compared with. */
export const references = ["ws", "raw-net"] as const satisfies readonly PeerId[];

/** The peer that has to reach the goals. */
export const contender: PeerId = "jackfield-loop";

/** Below this the server had spare time, so the load generator or the machine may have been the limit. */
const BUSY_ENOUGH = 0.9;
const waitsForLoad: ReadonlySet<Workload["kind"]> = new Set(["echo", "handshake"]);

export interface Figure {
  readonly peer: PeerId;
  readonly title: string;
  /** Of all rounds; `undefined` if there is none. */
  readonly median: number | undefined;
  /** Largest minus smallest, as a part of the median. */
  readonly spread: number | undefined;
  readonly serverBusy: number | undefined;
  readonly loadBusy: number | undefined;
  readonly rate: number | undefined;
  /** The median divided by that of each reference. */
  readonly ratios: Readonly<Partial<Record<PeerId, number>>>;
  readonly failure: string | undefined;
}

export interface Row {
  readonly workload: Workload;
  readonly unit: string;
  readonly figures: readonly Figure[];
  /** What the goal comes to in this run; `undefined` if what it is compared with was not measured. */
  readonly limit: number | undefined;
  /** `undefined` if the run did not measure what it takes to tell. */
  readonly goalMet: boolean | undefined;
}

export function summarize(cells: readonly Cell[]): readonly Row[] {
  const workloads = [...new Set(cells.map(({ workload }) => workload))];
  return workloads.map((workload) => {
    const row = cells.filter((cell) => cell.workload === workload);
    const medians = new Map(row.map((cell) => [cell.peer.id, medianOf(cell, "value")]));
    const [limit, reached] = [limitOf(workload, medians), medians.get(contender)];
    return {
      workload,
      unit: unitOf(workload),
      figures: row.map((cell) => figureOf(cell, medians)),
      limit,
      goalMet: limit === undefined || reached === undefined ? undefined : reached <= limit,
    };
  });
}

/**
 * The echoes and handshakes whose server had time to spare, which makes messages come in smaller bunches and cost more.
 * In a broadcast every server waits, until the last delivery of a batch has arrived.
 */
export function underloaded(rows: readonly Row[]): string[] {
  return rows.flatMap(({ workload, figures }) =>
    figures
      .filter(({ serverBusy = 1 }) => waitsForLoad.has(workload.kind) && serverBusy < BUSY_ENOUGH)
      .map(({ title, serverBusy = 0 }) => `${workload.id} ${title} (${Math.round(serverBusy * 100)} %)`),
  );
}

/** What went wrong, each thing once, with the workloads in which it did. */
export function failures(rows: readonly Row[]): string[] {
  const ids = new Map<string, string[]>();
  for (const { workload, figures } of rows) {
    for (const { title, failure } of figures) {
      if (failure === undefined) continue;
      const what = `${title}: ${failure}`;
      ids.set(what, [...(ids.get(what) ?? []), workload.id]);
    }
  }
  return [...ids].map(([what, workloads]) => `${what} (${workloads.join(", ")})`);
}

function figureOf(cell: Cell, medians: ReadonlyMap<PeerId, number | undefined>): Figure {
  const median = medians.get(cell.peer.id);
  return {
    peer: cell.peer.id,
    title: cell.peer.title,
    median,
    spread: spreadOf(cell, median),
    serverBusy: medianOf(cell, "serverBusy"),
    loadBusy: medianOf(cell, "loadBusy"),
    rate: medianOf(cell, "rate"),
    ratios: ratiosOf(median, medians),
    failure: cell.failure,
  };
}

function ratiosOf(
  median: number | undefined,
  medians: ReadonlyMap<PeerId, number | undefined>,
): Partial<Record<PeerId, number>> {
  const ratios: Partial<Record<PeerId, number>> = {};
  for (const reference of references) {
    const base = medians.get(reference);
    if (median !== undefined && base !== undefined) ratios[reference] = median / base;
  }
  return ratios;
}

function limitOf({ goal }: Workload, medians: ReadonlyMap<PeerId, number | undefined>): number | undefined {
  const base = goal.of === undefined ? 1 : medians.get(goal.of);
  return base === undefined ? undefined : base * goal.factor;
}

function medianOf(
  { samples }: Cell,
  field: "value" | "rate" | "serverBusy" | "loadBusy",
): number | undefined {
  const sorted = samples
    .map((sample) => sample[field])
    .filter((value) => value !== undefined)
    .toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

function spreadOf({ samples }: Cell, median: number | undefined): number | undefined {
  if (median === undefined || samples.length < 2) return undefined;
  const values = samples.map(({ value }) => value);
  return (Math.max(...values) - Math.min(...values)) / median;
}
