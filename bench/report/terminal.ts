/**
 * The report on the terminal.
 */

import type { Table } from "./tables.js";

export function tableAsText({ title, head, rows }: Table): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) =>
    line.map((cell, column) => align(cell, column, widths[column] ?? 0)).join("  "),
  );
  return [title, ...text.map((line) => line.trimEnd())].join("\n");
}

/** Names to the left, figures to the right. */
function align(cell: string, column: number, width: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
