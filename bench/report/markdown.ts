/**
 * The report as a Markdown page.
 */

import { isCompressed, peers } from "../peers.js";
import type { Workload } from "../workloads.js";
import type { Machine } from "./machine.js";
import type { RunFacts } from "./write.js";
import { failures, underloaded, type Row } from "./summary.js";
import { tablesOf, type Table } from "./tables.js";

export function pageOf(rows: readonly Row[], facts: RunFacts, chart: string | undefined): string {
  return [
    "# Performance",
    introduction(facts),
    ...(chart === undefined ? [] : [`![Cost of each server, relative to ws](${chart})`]),
    ...tablesOf(rows).map(tableAsMarkdown),
    section("Workloads", workloadList(rows.map(({ workload }) => workload))),
    section("Servers", serverList(rows)),
    section("Not measured", facts.missing),
    section("Doubtful figures", doubts(rows, facts)),
    section("Run", runList(facts)),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

function introduction({ quick }: RunFacts): string {
  const paragraphs = [
    "What a WebSocket server costs: CPU time per message (E: echo, Z: with compression, B: broadcast) and per " +
      "handshake (H), and memory per connection (M: idle, MZ: after compression). All figures come from one run, " +
      "taken in turns. Compare the ratios, each the median of what the rounds say: the times depend on the machine.",
    "This page is made by `npm run bench -- --publish`; [`bench/README.md`](../bench/README.md) says how it measures.",
    ...(quick ? ["This was a quick run: one short round. Its figures are rough."] : []),
  ];
  return paragraphs.join("\n\n");
}

function serverList(rows: readonly Row[]): string[] {
  const measured = new Set(rows.flatMap(({ figures }) => figures.map(({ peer }) => peer)));
  const notes = peers
    .filter(({ id, note }) => measured.has(id) && note !== undefined)
    .map(({ title, note }) => `**${title}** ${note}`);
  return rows.some(({ workload }) => isCompressed(workload)) ? [...notes, compressionNote] : notes;
}

const compressionNote =
  "Compression is the same for all: no context is taken over from message to message, in either direction, and " +
  "messages of 256 bytes and more are compressed. Else they keep to their defaults.";

function tableAsMarkdown({ title, head, rows }: Table): string {
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [`## ${title}`, "", lineOf(head), lineOf(rule), ...rows.map(lineOf)].join("\n");
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function section(title: string, items: readonly string[]): string {
  return items.length === 0 ? "" : [`## ${title}`, "", ...items.map((item) => `- ${item}`)].join("\n");
}

function workloadList(workloads: readonly Workload[]): string[] {
  return workloads.map(({ id, what }) => `**${id}** ${what}`);
}

function doubts(rows: readonly Row[], { rounds }: RunFacts): string[] {
  const idle = underloaded(rows);
  const spreads = rows.flatMap(({ workload, figures }) =>
    figures
      .filter(({ spread = 0 }) => spread > 0.15)
      .map(({ title, spread = 0 }) => `${workload.id} ${title} (${Math.round(spread * 100)} %)`),
  );
  return [
    ...failures(rows).map((failure) => `Failed: ${failure}`),
    ...(idle.length === 0
      ? []
      : [`Servers that waited for the load generator or for other work on the machine: ${idle.join(", ")}`]),
    ...(spreads.length === 0 ? [] : [`Rounds that differ by more than 15 %: ${spreads.join(", ")}`]),
    ...(rounds < 3 ? ["Fewer than three rounds: the medians are not worth much"] : []),
  ];
}

function runList({ machine, command, date, rounds, seconds }: RunFacts): string[] {
  return [
    `Command: \`${command}\``,
    `Date: ${date}`,
    `Rounds: ${rounds}, ${seconds} s measured in each`,
    `Machine: ${machineText(machine)}`,
    `Load average in the minute before: ${machine.loadBefore}`,
    `Node.js: ${machine.node}`,
    ...Object.entries(machine.packages).map(([name, version]) => `${name}: ${version}`),
  ];
}

function machineText({ cpu, cores, memory, system }: Machine): string {
  return `${cpu}, ${cores} cores, ${memory} GiB, ${system}`;
}
