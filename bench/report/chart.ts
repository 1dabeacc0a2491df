/**
 * The chart: a group of bars per workload, each bar relative to one peer. Hand-written SVG that follows the
 * reader's light or dark mode.
 */

import type { PeerId } from "../peers.js";
import type { Figure, Row } from "./summary.js";

/**
 * Who is in the chart, in colours that are told apart on white and on black, by most colour-blind readers too. More
 * bars than these could not be read; all are in the tables.
 */
const colours: Readonly<Partial<Record<PeerId, string>>> = {
  "raw-net": "#8b949e",
  ws: "#d98200",
  "express-ws": "#b35c9e",
  "socket-io": "#0f9d78",
  bun: "#d1242f",
  "jackfield-loop": "#2f81f7",
  "jackfield-hooks": "#79b8ff",
};

const width = 1200;
const height = 420;
const plot = { left: 48, right: 1188, top: 96, bottom: 372 } as const;
/** Bars that are higher are cut and say how high they are. */
const MAX_RATIO = 2;
const GAP_BETWEEN_GROUPS = 0.18;

/** @returns the SVG, or `undefined` when no workload has a figure of the peer to compare with */
export function chartOf(rows: readonly Row[], reference: PeerId): string | undefined {
  const groups = rows
    .map((row) => ({ ...row, figures: row.figures.filter(({ peer }) => peer in colours) }))
    .filter(({ figures }) => baseOf(figures, reference) !== undefined);
  const first = groups[0];
  if (first === undefined) return undefined;
  const peers = groups.map(({ figures }) => figures).toSorted((a, b) => b.length - a.length)[0] ?? [];
  const title = peers.find(({ peer }) => peer === reference)?.title ?? reference;
  const top = axisTop(groups, reference);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">CPU time and memory relative to ${title}, less is better</title>`,
    style,
    `<text class="heading" x="${plot.left}" y="24">Relative to ${title} = 1, less is better</text>`,
    legend(peers),
    grid(top),
    ...groups.map((row, index) => group(row, index, groups.length, reference, top)),
    "</svg>",
    "",
  ].join("\n");
}

const style = `<style>
  svg { background: #ffffff; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .heading { font-size: 16px; font-weight: 600; }
  .value { font-size: 11px; }
  .name { text-anchor: middle; font-weight: 600; }
  .scale { text-anchor: end; font-size: 11px; }
  line { stroke: #d0d7de; }
  line.base { stroke: #57606a; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #e6edf3; }
    line { stroke: #30363d; }
    line.base { stroke: #8b949e; }
  }
</style>`;

function baseOf(figures: readonly Figure[], reference: PeerId): number | undefined {
  return figures.find(({ peer }) => peer === reference)?.median;
}

/** The highest bar, but not so high that the others vanish. */
function axisTop(rows: readonly Row[], reference: PeerId): number {
  const ratios = rows.flatMap(({ figures }) =>
    figures.map(({ median = 0 }) => median / (baseOf(figures, reference) ?? 1)),
  );
  return Math.min(MAX_RATIO, Math.ceil(Math.max(1, ...ratios) * 4) / 4);
}

function legend(figures: readonly Figure[]): string {
  let x: number = plot.left;
  const entries = figures.map(({ peer, title }) => {
    const entry =
      `<rect x="${x}" y="38" width="12" height="12" rx="2" fill="${colours[peer]}"/>` +
      `<text x="${x + 18}" y="49">${title}</text>`;
    x += 48 + title.length * 7;
    return entry;
  });
  return entries.join("\n");
}

function yOf(ratio: number, top: number): number {
  return round(plot.bottom - (ratio / top) * (plot.bottom - plot.top));
}

function grid(top: number): string {
  const lines: string[] = [];
  for (let ratio = 0; ratio <= top; ratio += 0.25) {
    const y = yOf(ratio, top);
    const kind = ratio === 1 ? ' class="base"' : "";
    lines.push(
      `<line${kind} x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}"/>` +
        `<text class="scale" x="${plot.left - 6}" y="${y + 4}">${ratio.toFixed(2)}</text>`,
    );
  }
  return lines.join("\n");
}

function group(row: Row, index: number, groups: number, reference: PeerId, top: number): string {
  const groupWidth = (plot.right - plot.left) / groups;
  const left = plot.left + index * groupWidth + (groupWidth * GAP_BETWEEN_GROUPS) / 2;
  const barWidth = (groupWidth * (1 - GAP_BETWEEN_GROUPS)) / row.figures.length;
  const base = baseOf(row.figures, reference) ?? 1;
  const bars = row.figures.map((figure, bar) => drawBar(figure, base, left + bar * barWidth, barWidth, top));
  const middle = round(plot.left + (index + 0.5) * groupWidth);
  return [...bars, `<text class="name" x="${middle}" y="${plot.bottom + 22}">${row.workload.id}</text>`].join(
    "\n",
  );
}

function drawBar(figure: Figure, base: number, x: number, barWidth: number, top: number): string {
  if (figure.median === undefined || figure.failure !== undefined) return "";
  const ratio = figure.median / base;
  const y = yOf(Math.min(ratio, top), top);
  const shown = { x: round(x + 1), width: round(barWidth - 2), height: round(plot.bottom - y) };
  const text = ratio < 0.2 ? ratio.toFixed(3) : ratio.toFixed(2);
  const label = ratio > top ? `${text} ↑` : text;
  // Upright labels would be wider than their bars.
  const [labelX, labelY] = [round(x + barWidth / 2 + 4), y - 4];
  return (
    `<rect x="${shown.x}" y="${y}" width="${shown.width}" height="${shown.height}" fill="${colours[figure.peer]}">` +
    `<title>${figure.title}: ${text}</title></rect>` +
    `<text class="value" transform="translate(${labelX} ${labelY}) rotate(-90)">${label}</text>`
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
