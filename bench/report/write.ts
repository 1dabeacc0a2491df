/**
 * Writes the report: the same results for machines (JSON), for readers (Markdown) and at a glance (SVG).
 */

import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Cell } from "../run.js";
import { chartOf } from "./chart.js";
import type { Machine } from "./machine.js";
import { pageOf } from "./markdown.js";
import type { Row } from "./summary.js";

/** How the figures came about. */
export interface RunFacts {
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  readonly quick: boolean;
  readonly rounds: number;
  /** Measured per cell and round. */
  readonly seconds: number;
  readonly machine: Machine;
  /** Which peers could not be measured on it, and why. */
  readonly missing: readonly string[];
}

/** Where the report goes: paths of files. The chart stands in the folder of the page, which links to it. */
export interface Places {
  readonly page: string;
  readonly chart: string;
  readonly data: string;
}

/** @returns the paths that were written */
export async function writeReport(
  places: Places,
  cells: readonly Cell[],
  rows: readonly Row[],
  facts: RunFacts,
): Promise<string[]> {
  const chart = chartOf(rows, "ws");
  const files = new Map([
    [places.page, pageOf(rows, facts, chart === undefined ? undefined : basename(places.chart))],
    [places.data, `${JSON.stringify(dataOf(cells, rows, facts), undefined, 2)}\n`],
  ]);
  // The chart of an earlier run must not stand beside the tables of this one.
  if (chart === undefined) await rm(places.chart, { force: true });
  else files.set(places.chart, chart);
  await Promise.all([...files].map(async ([path, text]) => writeInFolder(path, text)));
  return [...files.keys()];
}

async function writeInFolder(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function dataOf(cells: readonly Cell[], rows: readonly Row[], facts: RunFacts): object {
  return {
    ...facts,
    workloads: rows.map(({ workload, unit, reached, goalMet, figures }) => ({
      id: workload.id,
      what: workload.what,
      unit,
      goal: workload.goal,
      reached,
      goalMet,
      figures: figures.map((figure) => ({
        ...figure,
        samples: cells.find((cell) => cell.workload === workload && cell.peer.id === figure.peer)?.samples,
      })),
    })),
  };
}
