/** The files of a page, for examples whose framework brings nothing that serves files. */
import { readFile, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { folderOf, sharedFolder } from "./folders.js";

/** A file as it is sent. */
export interface PageFile {
  /** For the field Content-Type. */
  readonly type: string;
  readonly body: Buffer;
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * Reads the page of an example, once and for all.
 *
 * @param example - the name of its folder
 * @returns the files by their paths: `index.html` is at `/`
 */
export async function pageFiles(example: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const folder of [sharedFolder, folderOf(`${example}/public`)]) {
    for (const name of await readdir(folder)) {
      const type = types[extname(name)] ?? "application/octet-stream";
      files.set(name === "index.html" ? "/" : `/${name}`, { type, body: await readFile(join(folder, name)) });
    }
  }
  return files;
}
