/** The plot of a run: one small panel for each series. Hand-written SVG that follows the reader's light or dark mode. */

import type { Finding, Run } from "./verdict.js";
import { shown } from "./verdict.js";

const COLUMNS = 2;
const panel = { width: 590, height: 150 } as const;
/** Where the curve is within its panel. */
const plot = { left: 56, right: 574, top: 34, bottom: 128 } as const;
const HEADING = 44;
/** More points than that would not be seen. */
const MAX_POINTS = 600;

/** @param findings - one for each panel */
export function chartOf(findings: readonly Finding[], run: Run): string {
  const rows = Math.ceil(findings.length / COLUMNS);
  const [width, height] = [COLUMNS * panel.width, HEADING + rows * panel.height];
  const minutes = shown((run.samples.at(-1)?.at ?? 0) / 60_000);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">A server under mixed load for ${minutes} minutes</title>`,
    style,
    `<text class="heading" x="16" y="28">The server under mixed load, ${minutes} minutes</text>`,
    ...findings.map((finding, at) => panelOf(finding, run, at)),
    "</svg>",
    "",
  ].join("\n");
}

const style = `<style>
  svg { background: #ffffff; }
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .heading { font-size: 16px; font-weight: 600; }
  .name { font-weight: 600; }
  .scale { text-anchor: end; font-size: 11px; }
  line { stroke: #d0d7de; }
  polyline { fill: none; stroke: #2f81f7; stroke-width: 1.2; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #e6edf3; }
    line { stroke: #30363d; }
  }
</style>`;

function panelOf({ series }: Finding, run: Run, at: number): string {
  const values = run.samples.map((sample, each) =>
    series.valueOf(sample, run.samples[each - 1] ?? run.start),
  );
  const duration = run.samples.at(-1)?.at ?? 1;
  const top = niceTop(Math.max(...values));
  const x = (time: number): number => round(plot.left + (time / duration) * (plot.right - plot.left));
  const y = (value: number): number => round(plot.bottom - (value / top) * (plot.bottom - plot.top));
  const step = Math.ceil(values.length / MAX_POINTS);
  const points = run.samples.flatMap((sample, each) =>
    each % step === 0 ? [`${x(sample.at)},${y(values[each] ?? 0)}`] : [],
  );
  const left = (at % COLUMNS) * panel.width;
  const above = HEADING + Math.floor(at / COLUMNS) * panel.height;
  const unit = series.unit === "" ? "" : `, ${series.unit}`;
  return [
    `<g transform="translate(${left} ${above})">`,
    `<text class="name" x="${plot.left}" y="22">${series.title}${unit}</text>`,
    ...[0, top / 2, top].map((value) => gridLine(value, y(value))),
    `<polyline points="${points.join(" ")}"/>`,
    "</g>",
  ].join("\n");
}

function gridLine(value: number, y: number): string {
  return (
    `<line x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}"/>` +
    `<text class="scale" x="${plot.left - 6}" y="${y + 4}">${shown(value)}</text>`
  );
}

/** The next of 1, 2, 4, 6 or 10 times a power of ten. */
function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 10].find((each) => each * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
