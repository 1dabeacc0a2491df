/** The page about hostile input: the cases, and which tests show them, as the tests themselves say by their names. */

import { readFile, readdir } from "node:fs/promises";
import { numberedChapters } from "./hostile-cases.js";

const root = new URL(".", import.meta.resolve("jackfield/package.json"));

export const hostilePage = new URL("docs/hostile-input.md", root);

/** A test, or a group of tests, that says which cases it is about. */
export interface HostileTest {
  readonly cases: readonly number[];
  /** From the root of the project. */
  readonly file: string;
  readonly name: string;
}

/** The name of a test or of a group, or the first word in a row of a table of tests. */
const NAMES =
  /(?:\b(?:test|describe)\(|\[)\s*(["'`])((?:\\.|(?!\1)[^\\])*?hostile \d(?:\\.|(?!\1)[^\\])*)\1/g;

/** Finds them in the order of the page: those against a server process come first. */
export async function hostileTests(): Promise<readonly HostileTest[]> {
  const names = await readdir(new URL("test/", root), { recursive: true });
  const files = names
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `test/${name.replaceAll("\\", "/")}`);
  const found = await Promise.all(files.toSorted(inOrder).map(testsIn));
  return found.flat();
}

async function testsIn(file: string): Promise<readonly HostileTest[]> {
  const text = await readFile(new URL(file, root), "utf8");
  return [...text.matchAll(NAMES)].map(([, , name = ""]) => ({
    cases: casesOf(name),
    file,
    name: unescaped(name),
  }));
}

function casesOf(name: string): readonly number[] {
  const [, numbers = ""] = /hostile (\d+(?:, \d+)*)/.exec(name) ?? [];
  return numbers.split(", ").map(Number);
}

function unescaped(name: string): string {
  return name.replaceAll(/\\(["'`])/g, "$1");
}

function inOrder(one: string, other: string): number {
  return rankOf(one) < rankOf(other) ? -1 : 1;
}

function rankOf(file: string): string {
  return `${isAgainstProcess(file) ? 0 : 1}${file}`;
}

/** Whether the tests of a file attack a server process that must serve on afterwards. */
export function isAgainstProcess(file: string): boolean {
  return file.startsWith("test/hostile/");
}

const HEAD = `# Hostile input and faults

What clients, networks and applications do wrong, and what becomes of it. A verdict is what the tests beside it demand: all of
them are run by \`npm test\`, which fails when one of them does, or when a number has none. Those in
[\`test/hostile\`](../test/hostile) attack a server process, and then look whether it still serves those who are connected and
those who come. \`\${…}\` in a name stands for each of several.

This page is made from the tests by \`npm run docs\`.
`;

/** The page, as it must be. */
export function hostilePageOf(tests: readonly HostileTest[]): string {
  const chapters = numberedChapters().map(({ title, cases }) => {
    const rows = cases.map(
      ({ number, what, verdict }) => `| ${number} | ${what} | ${verdict} | ${shownBy(number, tests)} |\n`,
    );
    return `\n## ${title}\n\n| number | what | verdict | shown by |\n| --- | --- | --- | --- |\n${rows.join("")}`;
  });
  return HEAD + chapters.join("");
}

function shownBy(number: number, tests: readonly HostileTest[]): string {
  const own = tests.filter(({ cases }) => cases.includes(number));
  const files = new Set(own.map(({ file }) => file));
  return [...files]
    .map((file) => `[\`${file}\`](../${file}) ${namesOf(own.filter((each) => each.file === file))}`)
    .join("; ");
}

function namesOf(tests: readonly HostileTest[]): string {
  const names = new Set(tests.map(({ name }) => `"${name.replaceAll("|", "\\|")}"`));
  return [...names].join(", ");
}
