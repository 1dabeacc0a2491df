/**
 * The tables of the report as plain text cells, for the terminal and for Markdown alike.
 */

import { peers, type PeerId } from "../peers.js";
import { contender, references, type Figure, type Row } from "./summary.js";

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The goals, the medians of all peers, then one table of ratios per reference that was measured. */
export function tablesOf(rows: readonly Row[]): readonly Table[] {
  const measured = measuredIn(rows);
  const compared = references.filter((id) => measured.some(({ peer }) => peer === id));
  return [
    ...(measured.some(({ peer }) => peer === contender) ? [goals(rows)] : []),
    medians(rows, measured),
    ...compared.map((reference) => ratios(rows, measured, reference)),
  ];
}

interface Measured {
  readonly peer: PeerId;
  readonly title: string;
}

function measuredIn(rows: readonly Row[]): readonly Measured[] {
  return peers
    .filter(({ id }) => rows.some(({ figures }) => figures.some(({ peer }) => peer === id)))
    .map(({ id, title }) => ({ peer: id, title }));
}

function goals(rows: readonly Row[]): Table {
  return {
    title: "Goals, for a handler that is a `for await` loop",
    head: ["", "goal", "at most", "reached", "met"],
    rows: rows.map(({ workload, reached, goalMet }) => [
      workload.id,
      workload.goal.text,
      numberText(workload.goal.factor),
      numberText(reached),
      goalMet === undefined ? "" : goalMet ? "yes" : "no",
    ]),
  };
}

function medians(rows: readonly Row[], measured: readonly Measured[]): Table {
  return {
    title: "Medians (less is better)",
    head: ["", ...rows.map(({ workload, unit }) => `${workload.id}, ${unit.split("/", 1)[0]}`)],
    rows: measured.map(({ peer, title }) => [title, ...rows.map((row) => medianText(figureOf(row, peer)))]),
  };
}

function ratios(rows: readonly Row[], measured: readonly Measured[], reference: PeerId): Table {
  const title = measured.find(({ peer }) => peer === reference)?.title ?? reference;
  const comparable = rows.filter((row) => figureOf(row, reference)?.median !== undefined);
  return {
    title: `Ratios to ${title}`,
    head: ["", ...comparable.map(({ workload }) => workload.id)],
    rows: measured
      .map(({ peer, title }) => [
        title,
        ...comparable.map((row) => numberText(figureOf(row, peer)?.ratios[reference])),
      ])
      .filter(([, ...cells]) => cells.some((cell) => cell !== "")),
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
