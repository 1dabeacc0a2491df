/** The table of verdicts: how many cases of each family passed, for each role. */

import { titlesIn } from "./group.js";
import { groups } from "./groups.js";
import type { Trial } from "./verdict.js";

export interface Verdict {
  readonly trial: Trial;
  /** What was wrong; `undefined` if nothing was. */
  readonly problem: unknown;
}

/** Wide enough for all titles. */
const WIDTH = 60;

/** Families of which no case was run are left out. */
export function overviewOf(verdicts: readonly Verdict[]): string {
  const lines = groups.flatMap((group) => {
    const rows = [...titlesIn(group)].flatMap(([id, title]) => {
      const own = verdicts.filter(({ trial }) => trial.family === id);
      return own.length === 0 ? [] : [row(`  ${id}  ${title}`, own)];
    });
    return rows.length === 0 ? [] : [`${group.name} (${group.section})`, ...rows];
  });
  const head = `${"".padEnd(WIDTH)}${"server".padEnd(16)}client`;
  return [head, ...lines, row("All", verdicts)].join("\n");
}

function row(title: string, verdicts: readonly Verdict[]): string {
  const [server, client] = (["server", "client"] as const).map((role) =>
    passed(verdicts.filter(({ trial }) => trial.role === role)),
  );
  return `${title.padEnd(WIDTH)}${server?.padEnd(16)}${client}`;
}

function passed(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return "–";
  const count = verdicts.filter(({ problem }) => problem === undefined).length;
  return `${count} of ${verdicts.length}`;
}
