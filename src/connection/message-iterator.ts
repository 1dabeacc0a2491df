/** The loop over messages: `for await (const message of ws)`. */

import { ConcurrentReceiveError } from "../errors.js";
import type { Connection } from "./connection.js";
import type { Message } from "./transport.js";

type Result = IteratorResult<Message, undefined>;

const DONE: Result = { value: undefined, done: true };

let resolveParked: (result: Result) => void = () => undefined;

/** One executor for all, so that waiting makes no closure: whoever makes a promise with it takes the resolver at once. */
function park(resolve: (result: Result) => void): void {
  resolveParked = resolve;
}

export class MessageIterator implements AsyncIterableIterator<Message, undefined, undefined> {
  readonly #connection: Connection;
  #resolve: ((result: Result) => void) | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const connection = this.#connection;
    if (connection.incoming.isAwaited) return connection.refuseAsMisuse(new ConcurrentReceiveError());
    const message = connection.incoming.takeNow();
    if (message !== undefined) return Promise.resolve({ value: message, done: false });
    if (connection.closeInfo !== undefined) return Promise.resolve(DONE);
    const next = new Promise<Result>(park);
    this.#resolve = resolveParked;
    connection.incoming.wait(this);
    return next;
  }

  take(message: Message | undefined): void {
    this.#resolve?.(message === undefined ? DONE : { value: message, done: false });
  }

  /** A loop that is left does not close the connection: another one may go on where it stopped. */
  return(): Promise<Result> {
    return Promise.resolve(DONE);
  }
}
