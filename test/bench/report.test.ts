import assert from "node:assert/strict";
import { test } from "node:test";
import { peers, type PeerId } from "../../bench/peers.js";
import { chartOf } from "../../bench/report/chart.js";
import { pageOf } from "../../bench/report/markdown.js";
import { summarize, type Row } from "../../bench/report/summary.js";
import type { RunFacts } from "../../bench/report/write.js";
import type { Cell } from "../../bench/run.js";
import { workloads } from "../../bench/workloads.js";

const facts: RunFacts = {
  command: "npm run bench",
  date: "2026-01-01T00:00:00.000Z",
  quick: false,
  rounds: 3,
  seconds: 2,
  machine: {
    cpu: "Some CPU",
    cores: 2,
    memory: 4,
    system: "linux x64",
    loadBefore: 0,
    node: "v20.19.0",
    packages: { ws: "8.0.0" },
  },
  missing: ["Bun: there is no bun"],
};

function cell(workloadId: string, peerId: PeerId, values: number[], failure?: string): Cell {
  const workload = workloads.find(({ id }) => id === workloadId);
  const peer = peers.find(({ id }) => id === peerId);
  assert.ok(workload !== undefined && peer !== undefined);
  return { workload, peer, samples: values.map((value) => ({ value })), failure };
}

function page(rows: readonly Row[]): string {
  return pageOf(rows, facts, "performance.svg");
}

test("a goal is met by the median of the rounds, each compared with what its peer needed in the same round", () => {
  const rows = summarize([
    cell("Z", "ws", [50, 100, 90]),
    cell("Z", "jackfield-loop", [19, 40, 70]),
    cell("H", "express-ws", [150]),
    cell("H", "jackfield-loop", [101]),
    cell("MZ", "jackfield-loop", [12]),
  ]);
  assert.match(page(rows), /\| Z \| ≤ ws \/ 2\.5 \| 0\.40 \| 0\.40 \| yes \|/);
  assert.match(page(rows), /\| H \| ≤ express-ws \/ 1\.5 \| 0\.67 \| 0\.67 \| no \|/);
  assert.match(page(rows), /\| MZ \| ≤ 12 KiB \| 12\.00 \| 12\.00 \| yes \|/);
});

test("a goal stays open where its peer was not measured", () => {
  const rows = summarize([cell("H", "jackfield-loop", [101])]);
  assert.match(page(rows), /\| H \| ≤ express-ws \/ 1\.5 \| 0\.67 \|  \|  \|/);
});

test("the page has every peer with its ratios, the machine, the command and what is missing", () => {
  const text = page(summarize([cell("E1", "ws", [10]), cell("E1", "socket-io", [25])]));
  assert.match(text, /\| Socket\.IO \| 25\.00 \|/);
  assert.match(text, /## Ratios to ws\n\n.*\n.*\n\| ws \| 1\.00 \|\n\| Socket\.IO \| 2\.50 \|/);
  assert.match(text, /## Not measured\n\n- Bun: there is no bun\n/);
  assert.match(text, /- Command: `npm run bench`\n/);
  assert.match(text, /- Machine: Some CPU, 2 cores, 4 GiB, linux x64\n/);
});

test("a peer that failed has no figure", () => {
  const text = page(summarize([cell("E1", "ws", [10]), cell("E1", "crossws", [1], "it fell over")]));
  assert.match(text, /\| crossws \| error \|/);
  assert.match(text, /- Failed: crossws: it fell over \(E1\)/);
});

test("the chart has bars where there is something to compare with", () => {
  const rows = summarize([cell("E1", "ws", [10]), cell("E1", "bun", [5]), cell("H", "express-ws", [1])]);
  const chart = chartOf(rows, "ws");
  assert.ok(chart?.includes("<title>Bun: 0.50</title>"));
  assert.ok(chart?.includes(">E1</text>") && !chart.includes(">H</text>"));
  assert.equal(chartOf(summarize([cell("H", "express-ws", [1])]), "ws"), undefined);
});
