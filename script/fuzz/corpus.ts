/** The inputs that are kept: seeds, failures of the past, and what a run has found. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL(".", import.meta.resolve("jackfield/package.json")));

export interface Kept {
  /** In the corpus: what comes of it. In the regressions: what it showed. */
  readonly note: string;
  readonly input: Buffer;
}

/** How it stands in a file: as text, where all of its bytes can be read, so that people can read it, too. */
interface Entry {
  readonly note: string;
  readonly text?: string;
  readonly hex?: string;
}

export type Kind = "corpus" | "regressions";

/** The inputs of a target that are kept in the repository. */
export function keptInputs(kind: Kind, target: string): readonly Kept[] {
  const file = join(root, "test/fuzz", kind, `${target}.json`);
  if (!existsSync(file)) return [];
  const entries = JSON.parse(readFileSync(file, "utf8")) as readonly Entry[];
  return entries.map(({ note, text, hex }) => ({
    note,
    input: text === undefined ? Buffer.from(hex ?? "", "hex") : Buffer.from(text, "latin1"),
  }));
}

/** Keeps inputs in the folder of what is built, from where they can be taken over into the repository. */
export function writeInputs(name: string, inputs: readonly Kept[]): string {
  const folder = join(root, "build/fuzz");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(inputs.map(entryOf), undefined, 2)}\n`);
  return file;
}

/** Writes an input that fails. @returns the command that runs it again */
export function writeFailure(target: string, input: Buffer): string {
  const folder = join(root, "build/fuzz");
  mkdirSync(folder, { recursive: true });
  const name = createHash("sha1").update(input).digest("hex").slice(0, 8);
  const file = join(folder, `${target}-${name}.bin`);
  writeFileSync(file, input);
  return `npm run fuzz -- --target ${target} --replay ${relative(root, file)}`;
}

function entryOf({ note, input }: Kept): Entry {
  const text = input.toString("latin1");
  return /^[\r\n\x20-\x7e]*$/.test(text) ? { note, text } : { note, hex: input.toString("hex") };
}
