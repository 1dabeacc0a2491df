/**
 * What the samples say: medians, ratios, and whether the goals are met.
 */

import { median } from "../median.js";
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
  /** To each reference: the median of what the rounds say. */
  readonly ratios: Readonly<Partial<Record<PeerId, number>>>;
  readonly failure: string | undefined;
}

export interface Row {
  readonly workload: Workload;
  readonly unit: string;
  readonly figures: readonly Figure[];
  /** What is to be at most the goal's factor: a ratio, or a figure; `undefined` if the run did not measure it. */
  readonly reached: number | undefined;
  /** `undefined` if the run did not measure what it takes to tell. */
  readonly goalMet: boolean | undefined;
}

export function summarize(cells: readonly Cell[]): readonly Row[] {
  const workloads = [...new Set(cells.map(({ workload }) => workload))];
  return workloads.map((workload) => {
    const row = cells.filter((cell) => cell.workload === workload);
    const reached = reachedIn(row, workload);
    return {
      workload,
      unit: unitOf(workload),
      figures: row.map((cell) => figureOf(cell, row)),
      reached,
      goalMet: reached === undefined ? undefined : reached <= workload.goal.factor,
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

function figureOf(cell: Cell, row: readonly Cell[]): Figure {
  const median = medianOf(cell, "value");
  return {
    peer: cell.peer.id,
    title: cell.peer.title,
    median,
    spread: spreadOf(cell, median),
    serverBusy: medianOf(cell, "serverBusy"),
    loadBusy: medianOf(cell, "loadBusy"),
    rate: medianOf(cell, "rate"),
    ratios: ratiosOf(cell, row),
    failure: cell.failure,
  };
}

function ratiosOf(cell: Cell, row: readonly Cell[]): Partial<Record<PeerId, number>> {
  const ratios: Partial<Record<PeerId, number>> = {};
  for (const reference of references) {
    const ratio = ratioTo(reference, cell, row);
    if (ratio !== undefined) ratios[reference] = ratio;
  }
  return ratios;
}

/** Each round is compared with itself: how fast the machine is, changes from one to the next. */
function ratioTo(reference: PeerId, { samples }: Cell, row: readonly Cell[]): number | undefined {
  const base = row.find(({ peer }) => peer.id === reference)?.samples ?? [];
  return median(
    samples.flatMap(({ value }, round) => {
      const other = base[round];
      return other === undefined ? [] : [value / other.value];
    }),
  );
}

function reachedIn(row: readonly Cell[], { goal }: Workload): number | undefined {
  const cell = row.find(({ peer }) => peer.id === contender);
  if (cell === undefined) return undefined;
  return goal.of === undefined ? medianOf(cell, "value") : ratioTo(goal.of, cell, row);
}

function medianOf(
  { samples }: Cell,
  field: "value" | "rate" | "serverBusy" | "loadBusy",
): number | undefined {
  return median(samples.map((sample) => sample[field]).filter((value) => value !== undefined));
}

function spreadOf({ samples }: Cell, median: number | undefined): number | undefined {
  if (median === undefined || samples.length < 2) return undefined;
  const values = samples.map(({ value }) => value);
  return (Math.max(...values) - Math.min(...values)) / median;
}
