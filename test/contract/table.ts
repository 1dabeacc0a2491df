/** The contract as a table for the docs. */
import type { Face } from "./face.js";
import type { Row } from "./rows/row.js";

/** A table of Markdown: a line for each row, a column for each framework. Notes stand below it. */
export function contractTable(rows: readonly Row[], faces: readonly Face[]): string {
  const notes: string[] = [];
  const noteOf = ({ name, notes: own }: Face, id: string): string => {
    const note = own?.[id];
    if (note === undefined) return "";
    const text = `**${withoutVersion(name)}**: ${note}.`;
    if (!notes.includes(text)) notes.push(text);
    return ` (${notes.indexOf(text) + 1})`;
  };
  const head = ["", "what holds", ...faces.map(({ name }) => name)];
  const lines = rows.map(({ id, holds }) => [id, holds, ...faces.map((face) => `✓${noteOf(face, id)}`)]);
  const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`);
  return `${table.join("\n")}\n\n${notes.map((note, at) => `${at + 1}. ${note}`).join("\n")}\n`;
}

/** The versions of a framework have the same notes. */
function withoutVersion(name: string): string {
  return name.replace(/ \d+$/, "");
}

const BEGIN = "<!-- The table is made by `npm run docs` from test/contract. -->\n\n";
const END = "\n<!-- Here it ends. -->";

/** @returns the page with the table in the place where it belongs */
export function withTable(page: string, table: string): string {
  const [before = "", rest] = page.split(BEGIN);
  const after = rest?.slice(rest.indexOf(END));
  if (after === undefined) throw new Error("the page has no place for the table");
  return `${before}${BEGIN}${table}${after}`;
}
