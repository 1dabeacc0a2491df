/** What pages name as evidence: a link to a file with tests, and behind it the name of one of them in quotes. */

import { readFile } from "node:fs/promises";

export interface Reference {
  readonly file: URL;
  /** The name of a test; in the contract, the id of a row. */
  readonly name: string;
}

/** @param page - where the text stands */
export function referencesIn(text: string, page: URL): readonly Reference[] {
  return [...text.matchAll(/\]\(([^)]+)\) +"([^"]+)"/g)].map(([, path = "", name = ""]) => ({
    file: new URL(path, page),
    name,
  }));
}

/** @returns what is wrong with a reference, if anything is */
export async function problemOf(reference: Reference): Promise<string | undefined> {
  const { pathname } = reference.file;
  const text = await readFile(reference.file, "utf8").catch(() => undefined);
  if (text === undefined) return `there is no ${pathname}`;
  return text.includes(evidence(reference)) ? undefined : `no "${reference.name}" in ${pathname}`;
}

/** What has to be found in a file that shows something. */
function evidence({ file, name }: Reference): string {
  return file.pathname.includes("/test/contract/rows/") ? `id: "${name}"` : name;
}
