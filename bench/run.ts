/**
 * The run: all rounds, and in each round every workload with every peer in turn.
 */

import { messageOf } from "./error-message.js";
import { measure, type Pace, type Sample } from "./measure.js";
import { canRun, type Peer } from "./peers.js";
import type { Workload } from "./workloads.js";

/** One peer under one workload, over all rounds. */
export interface Cell {
  readonly workload: Workload;
  readonly peer: Peer;
  readonly samples: Sample[];
  /** Why there are no more samples. */
  failure: string | undefined;
}

export interface RunOptions {
  readonly workloads: readonly Workload[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly pace: Pace;
  /** After this long no further cell is begun, ms. */
  readonly budget: number;
  /** Called with a line after each cell. */
  readonly progress: (line: string) => void;
}

const OUT_OF_TIME = "there was no time left for it";

/** @returns the cells in the order of workloads and peers; those that make no sense are left out */
export async function run(options: RunOptions): Promise<readonly Cell[]> {
  const deadline = performance.now() + options.budget;
  const cells = options.workloads.flatMap((workload) => cellsOf(workload, options.peers));
  for (let round = 0; round < options.rounds; round++) {
    for (const workload of options.workloads) {
      for (const cell of inTurn(cells, workload, round)) {
        // What failed once is not tried again: it would fail again, and late.
        if (cell.failure !== undefined) continue;
        if (performance.now() < deadline) await measureCell(cell, options.pace);
        else if (cell.samples.length === 0) cell.failure = OUT_OF_TIME;
        else continue;
        options.progress(describe(cell, round, options.rounds));
      }
    }
  }
  return cells;
}

/** How many cells a round has. */
export function countCells(workloads: readonly Workload[], peers: readonly Peer[]): number {
  return workloads.flatMap((workload) => cellsOf(workload, peers)).length;
}

function cellsOf(workload: Workload, peers: readonly Peer[]): Cell[] {
  return peers
    .filter((peer) => canRun(peer, workload))
    .map((peer) => ({ workload, peer, samples: [], failure: undefined }));
}

/** Each round begins with another peer, so that none always runs on the machine as the same other left it. */
function inTurn(cells: readonly Cell[], workload: Workload, round: number): Cell[] {
  const row = cells.filter((cell) => cell.workload === workload);
  const first = row.length === 0 ? 0 : round % row.length;
  return [...row.slice(first), ...row.slice(0, first)];
}

async function measureCell(cell: Cell, pace: Pace): Promise<void> {
  try {
    cell.samples.push(await measure(cell.peer, cell.workload, pace));
  } catch (error) {
    cell.failure = messageOf(error);
  }
}

function describe({ workload, peer, samples, failure }: Cell, round: number, rounds: number): string {
  const result = failure === undefined ? samples.at(-1)?.value.toFixed(2) : `error: ${failure}`;
  return `round ${round + 1}/${rounds}  ${workload.id.padEnd(5)} ${peer.id.padEnd(17)} ${result}`;
}
