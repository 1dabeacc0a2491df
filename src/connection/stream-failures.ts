/**
 * What is written to the standard streams. Where a disk is full or the reader of a pipe has gone, each write is an `error`
 * event that ends the process if nothing listens for it. Node's console guards against the first such event of a stream
 * only (Node 20 to 26).
 */

import type { WriteStream } from "node:tty";
import { atEndOfTurn } from "../base/timers.js";

/** How many guards each stream has at the moment. */
const guards = new WeakMap<NodeJS.WritableStream, number>();

function ignore(): void {}

/**
 * Runs a task that may write to a standard stream, and keeps a failure of that from ending the process. The stream has a
 * listener of ours only until that has been written, as in an app that we are a guest of, its other failures are none of our
 * business.
 */
export function toleratingFailures(stream: WriteStream, task: () => void): void {
  const count = guards.get(stream) ?? 0;
  guards.set(stream, count + 1);
  if (count === 0) stream.on("error", ignore);
  try {
    task();
  } finally {
    // The event of a write comes before the next turn, as long as writes are synchronous, as they mostly are.
    atEndOfTurn(() => {
      if (stream.writableLength > 0) stream.write("", () => atEndOfTurn(() => release(stream)));
      else release(stream);
    });
  }
}

function release(stream: WriteStream): void {
  const count = (guards.get(stream) ?? 1) - 1;
  guards.set(stream, count);
  if (count === 0) stream.off("error", ignore);
}

/**
 * Writes to a standard stream.
 *
 * @returns a promise of the failure, `undefined` if there was none. It never rejects.
 */
export function writeSafely(stream: WriteStream, text: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    toleratingFailures(stream, () => {
      stream.write(text, (error) => resolve(error ?? undefined));
    });
  });
}
