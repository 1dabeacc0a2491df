/** The file that holds the id of a process while it runs. */

import { readFile, rm, writeFile } from "node:fs/promises";
import { RunError } from "../errors.js";
import { sentenceOf } from "./failure.js";

export class PidFile {
  readonly #path: string | undefined;

  private constructor(path: string | undefined) {
    this.#path = path;
  }

  /**
   * Writes the id of this process. One of a process that is gone is overwritten.
   *
   * @param path - without one, there is no file
   * @throws {RunError} if the process of a former one still runs, or it can't be written
   */
  static async write(path: string | undefined): Promise<PidFile> {
    if (path === undefined) return new PidFile(path);
    const former = await readPid(path);
    if (former !== undefined && former !== process.pid && isRunning(former)) {
      throw new RunError(
        `expected nobody else to use ${path}, but the process ${former} in it is running; end it, or give another --pid-file`,
      );
    }
    try {
      await writeFile(path, `${process.pid}\n`);
    } catch (error) {
      throw new RunError(`option pidFile: expected a file that can be written, but ${sentenceOf(error)}`);
    }
    return new PidFile(path);
  }

  /** Removes it, unless somebody else has written another id into it. */
  async remove(): Promise<void> {
    const path = this.#path;
    if (path !== undefined && (await readPid(path)) === process.pid) await rm(path, { force: true });
  }
}

async function readPid(path: string): Promise<number | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  return /^\d+\n?$/.test(text) ? Number(text) : undefined;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it runs, as somebody else
  }
}
