/** Writes the report: a page for readers, with its plot, and all samples for machines. */

import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Machine } from "../report/machine.js";
import { chartOf } from "./chart.js";
import { shown, type Finding, type Run } from "./verdict.js";

/** How the figures came about. */
export interface RunFacts {
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
}

/** Where the report goes: paths of files. The chart stands in the folder of the page, which links to it. */
export interface Places {
  readonly page: string;
  readonly chart: string;
  readonly data: string;
}

/** What there is to tell. */
export interface Report {
  readonly run: Run;
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
  readonly facts: RunFacts;
}

/** @returns the paths that were written */
export async function writeReport(places: Places, report: Report): Promise<readonly string[]> {
  const { run, findings, problems, facts } = report;
  const files: readonly (readonly [string, string])[] = [
    [places.page, pageOf(report, basename(places.chart))],
    [places.chart, chartOf(findings, run)],
    [places.data, `${JSON.stringify({ ...facts, problems, ...run })}\n`],
  ];
  for (const [path, text] of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return files.map(([path]) => path);
}

function pageOf({ run, findings, problems, facts }: Report, chart: string): string {
  const verdict =
    problems.length === 0
      ? "The run was flat, everything was back when the last client had left, and no client saw an error that it did not expect."
      : `The run was **not** as it should be:\n\n${problems.map((problem) => `- ${problem}`).join("\n")}`;
  return [
    "# Soak",
    introduction,
    `![The curves of all figures](${chart})`,
    "## Figures",
    verdict,
    tableOf(findings),
    "Memory is read behind a garbage collection, which is forced for each sample and is part of the event loop's delay. " +
      "“Before” and “after” are without any load; growth is that of the second half, by the slope of Theil and Sen.",
    "## Run",
    runList(run, facts).join("\n"),
  ]
    .join("\n\n")
    .concat("\n");
}

const introduction =
  "A server process, which uses all features, and a second process, in which a few dozen clients use them all the time, " +
  "over TCP and over TLS: echo loops and hooks with messages of up to 200,000 bytes, compressed and not, streams, rooms " +
  "and routes narrowed by their params on two sites that a broker connects, news that some want compressed and others " +
  "not, message handlers and JSON events, sessions with log-outs, pages on the same port, slow readers, clients that " +
  "vanish, break the protocol or don't answer pings, refused upgrades, TLS handshakes that stall or are left.\n\n" +
  "This page is made by `npm run soak -- --publish`, whose exit code tells whether everything stayed as it was. " +
  "`npm test` runs it for some seconds, and once more with a server that leaks, which it has to find.";

function tableOf(findings: readonly Finding[]): string {
  return [
    "| | before | median | after | growth | noise |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...findings.map(({ series, start, median, end, growth, allowed }) => {
      const name = series.unit === "" ? series.title : `${series.title}, ${series.unit}`;
      // What is not judged at rest is a rate or a delay, which says nothing there.
      const rest = series.tolerance === undefined ? ["", ""] : [shown(start), shown(end)];
      const limit = allowed === undefined ? "not judged" : shown(allowed);
      return `| ${name} | ${rest[0]} | ${shown(median)} | ${rest[1]} | ${shown(growth)} | ${limit} |`;
    }),
  ].join("\n");
}

function runList({ start, samples, end }: Run, { command, date, machine }: RunFacts): string[] {
  const seconds = (samples.at(-1)?.at ?? 0) / 1000;
  const share = (cpu: (of: typeof end) => number): string =>
    ((cpu(end) - cpu(start)) / (seconds * 10)).toFixed(0);
  const { cpu, cores, memory, system } = machine;
  return [
    `- Command: \`${command}\``,
    `- Date: ${date}`,
    `- Load: ${end.load.visits - start.load.visits} visits, ` +
      `${end.load.messages - start.load.messages} messages to clients in ${Math.round(seconds)} s`,
    `- Processor: ${share(({ server }) => server.cpu)} % of one core for the server, ` +
      `${share(({ load }) => load.cpu)} % for its clients`,
    `- Samples: ${samples.length}`,
    `- Machine: ${cpu}, ${cores} cores, ${memory} GiB, ${system}`,
    `- Load average in the minute before: ${machine.loadBefore}`,
    `- Node.js: ${machine.node}`,
    `- jackfield: ${machine.packages["jackfield"] ?? "unknown"}`,
  ];
}
