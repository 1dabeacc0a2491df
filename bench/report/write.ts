/**
 * Writes the report: the same results for machines (JSON), for readers (Markdown) and at a glance (SVG).
 */

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
}

const CHART = "results.svg";

/** @returns the paths that were written */
export async function writeReport(
  folder: string,
  cells: readonly Cell[],
  rows: readonly Row[],
  facts: RunFacts,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const chart = chartOf(rows, "ws");
  const files: Record<string, string> = {
    "results.json": `${JSON.stringify(dataOf(cells, rows, facts), undefined, 2)}\n`,
    "results.md": pageOf(rows, facts, chart === undefined ? undefined : CHART),
    ...(chart === undefined ? {} : { [CHART]: chart }),
  };
  // The chart of an earlier run must not stand beside the tables of this one.
  if (chart === undefined) await rm(join(folder, CHART), { force: true });
  const paths = Object.entries(files).map(([name, text]) => ({ path: join(folder, name), text }));
  await Promise.all(paths.map(async ({ path, text }) => writeFile(path, text)));
  return paths.map(({ path }) => path);
}

function dataOf(cells: readonly Cell[], rows: readonly Row[], facts: RunFacts): object {
  return {
    ...facts,
    workloads: rows.map(({ workload, unit, goalMet, figures }) => ({
      id: workload.id,
      what: workload.what,
      unit,
      goal: workload.goal,
      goalMet,
      figures: figures.map((figure) => ({
        ...figure,
        samples: cells.find((cell) => cell.workload === workload && cell.peer.id === figure.peer)?.samples,
      })),
    })),
  };
}
