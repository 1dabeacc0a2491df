/** The standard streams of the command's own processes. */

import { writeSafely } from "../connection/stream-failures.js";
import { RunError } from "../errors.js";
import { sentenceOf } from "./failure.js";

/**
 * Has this process, which belongs to the command, live on whatever becomes of its standard streams. That holds for what
 * the app writes there, too. What is lost is told once, where there is somebody to tell.
 */
export function outliveStandardStreams(): void {
  let isTold = false;
  process.stderr.on("error", () => undefined); // this is where it would be told
  process.stdout.on("error", ({ message }) => {
    if (!isTold) process.stderr.write(`jackfield: the standard output can't be written: ${message}\n`);
    isTold = true;
  });
}

/**
 * Writes what a command is there to write.
 *
 * @returns when it is written: a pipe may take a while
 * @throws {RunError} if it can't be written, unless nothing reads it any more
 */
export async function say(text: string): Promise<void> {
  isRead(await writeSafely(process.stdout, text));
}

/**
 * What came of writing to the standard output: whether it is still read.
 *
 * @throws {RunError} if it fails for any other reason
 */
export function isRead(failure: NodeJS.ErrnoException | undefined): boolean {
  if (failure === undefined) return true;
  if (failure.code === "EPIPE") return false;
  throw new RunError(`expected to write to the standard output, but ${failure.message}`);
}

/** What is thrown where the standard input can't be read. */
export function unreadable(error: unknown): RunError {
  return new RunError(`expected to read from the standard input, but ${sentenceOf(error)}`);
}
