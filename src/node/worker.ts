/** `jackfield/worker`: handlers of messages that need much CPU time run in threads, and nobody else waits for them. */

import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { Message } from "../connection/transport.js";
import { InvalidOptionError } from "../errors.js";
import type { DrainOptions } from "../routing/open-sockets.js";
import { workerSettings, type WorkerOptions } from "./worker-options.js";
import { WorkerPool } from "./worker-pool.js";

export type { WorkerOptions };

/** What a thread may send: one message, or none. */
export type ThreadReply = Message | ArrayBuffer | null | undefined;

/** A handler whose work is done in a thread. */
export interface WorkerHandler<Input, Output> {
  /**
   * Has the function in the file called in a thread.
   *
   * @param input - a copy of it goes to the thread, bytes as a `Uint8Array`
   * @param rest - what else handlers are called with stays here
   * @returns what the function returned, or what its promise gave
   * @throws whatever the function throws
   * @throws {WorkerError} if too many messages wait, if it took too long, after `close`, or if it gave what cannot be cloned
   */
  (input: Input, ...rest: unknown[]): Promise<Output>;
  /**
   * Ends the threads. What is under way may finish within the grace period, and fails then.
   *
   * @throws {InvalidOptionError}
   */
  close(options?: DrainOptions): Promise<void>;
  /** The same as `close()`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a handler of a file: `worker(new URL("./resize.js", import.meta.url))`. Each message is given to the function that
 * the file exports as its default, in a thread of a pool, and what it returns comes back: text or bytes to be sent, or any
 * value that can be cloned. The threads start with the first message, and keep no process alive that has nothing to do.
 * They sleep between messages: what a function begins and doesn't await goes on with the next one.
 *
 * Needs the package `piscina`.
 *
 * @param file - a `file:` URL or an absolute path, to be imported by the threads
 * @throws {InvalidOptionError}
 */
export function worker<Input = Message, Output = ThreadReply>(
  file: URL | string,
  options: WorkerOptions = {},
): WorkerHandler<Input, Output> {
  const pool = new WorkerPool(pathOf(file), workerSettings(options));
  const close = (drain?: DrainOptions): Promise<void> => pool.close(drain);
  return Object.assign((input: Input) => pool.run(input) as Promise<Output>, {
    close,
    [Symbol.asyncDispose]: () => close(),
  });
}

function pathOf(file: URL | string): string {
  const isUrl = file instanceof URL ? file.protocol === "file:" : /^file:/i.test(file);
  if (!isUrl && !(typeof file === "string" && isAbsolute(file))) {
    const given = JSON.stringify(typeof file === "string" && file !== "" ? file : "./resize.js");
    throw new InvalidOptionError(
      "file",
      `a file: URL or an absolute path, such as new URL(${given}, import.meta.url)`,
      file,
    );
  }
  const path = isUrl ? fileURLToPath(file) : String(file);
  if (existsSync(path)) return path;
  throw new InvalidOptionError("file", "a file that is there", path);
}
