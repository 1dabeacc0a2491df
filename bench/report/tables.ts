/**
 * The tables of the report as plain text cells, for the terminal and for Markdown alike.
 */

import { peers, type PeerId } from "../peers.js";
import { references, type Figure, type Row } from "./summary.js";

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The medians with the goals, then one table of ratios per reference that was measured. */
export function tablesOf(rows: readonly Row[]): readonly Table[] {
  const columns = columnsOf(rows);
  const measured = references.filter((id) => columns.some(({ peer }) => peer === id));
  return [medians(rows, columns), ...measured.map((reference) => ratios(rows, columns, reference))];
}

interface Column {
  readonly peer: PeerId;
  readonly title: string;
}

function columnsOf(rows: readonly Row[]): readonly Column[] {
  return peers
    .filter(({ id }) => rows.some(({ figures }) => figures.some(({ peer }) => peer === id)))
    .map(({ id, title }) => ({ peer: id, title }));
}

function medians(rows: readonly Row[], columns: readonly Column[]): Table {
  return {
    title: "Medians (less is better)",
    head: ["", "unit", ...columns.map(({ title }) => title), "goal for the loop", "met"],
    rows: rows.map((row) => [
      row.workload.id,
      row.unit,
      ...columns.map(({ peer }) => medianText(figureOf(row, peer))),
      row.workload.goal.text,
      row.goalMet === undefined ? "" : row.goalMet ? "yes" : "no",
    ]),
  };
}

function ratios(rows: readonly Row[], columns: readonly Column[], reference: PeerId): Table {
  const title = columns.find(({ peer }) => peer === reference)?.title ?? reference;
  return {
    title: `Ratios to ${title}`,
    head: ["", ...columns.map(({ title }) => title)],
    rows: rows
      .filter((row) => figureOf(row, reference)?.median !== undefined)
      .map((row) => [
        row.workload.id,
        ...columns.map(({ peer }) => numberText(figureOf(row, peer)?.ratios[reference])),
      ]),
  };
}

function figureOf({ figures }: Row, peer: PeerId): Figure | undefined {
  return figures.find((figure) => figure.peer === peer);
}

/** A median of the rounds before a failure would look as good as any other, so a failure hides it. */
function medianText(figure: Figure | undefined): string {
  if (figure === undefined) return "";
  return figure.failure === undefined ? numberText(figure.median) : "error";
}

function numberText(value: number | undefined): string {
  if (value === undefined) return "";
  return value < 0.2 ? value.toFixed(3) : value.toFixed(2);
}
