/** Waiting for one message, with a limit of time or a signal that ends the wait. */

import { LONGEST_TIMEOUT, startTimer, type Timer } from "../base/timers.js";
import { ConcurrentReceiveError, ConnectionClosedError } from "../errors.js";
import type { Connection } from "./connection.js";
import type { MessageTaker } from "./consumer.js";
import { refusal } from "./promises.js";
import type { Message } from "./transport.js";

export interface ReceiveOptions {
  /** How long to wait, in milliseconds. @default for as long as the connection lives */
  readonly timeout?: number | undefined;
  /** Gives up waiting when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

export function receive(connection: Connection, options: ReceiveOptions): Promise<Message | undefined> {
  const { timeout, signal } = options;
  if (connection.incoming.isAwaited) return connection.refuseAsMisuse(new ConcurrentReceiveError());
  if (signal?.aborted === true) return refusal(signal.reason);
  const message = connection.incoming.takeNow();
  if (message !== undefined) return Promise.resolve(message);
  const { closeInfo } = connection;
  if (closeInfo !== undefined) return refusal(new ConnectionClosedError(closeInfo));
  return new Receiver(connection, timeout, signal).promise;
}

class Receiver implements MessageTaker {
  readonly promise: Promise<Message | undefined>;
  readonly #connection: Connection;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: Timer | undefined;
  #settle: (outcome: Message | Promise<never> | undefined) => void = () => undefined;

  constructor(connection: Connection, timeout: number | undefined, signal: AbortSignal | undefined) {
    this.#connection = connection;
    this.#signal = signal;
    this.promise = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (timeout !== undefined && !(timeout > LONGEST_TIMEOUT))
      this.#timer = startTimer(() => this.#giveUp(undefined), timeout);
    signal?.addEventListener("abort", this);
    connection.incoming.wait(this);
  }

  take(message: Message | undefined): void {
    const { closeInfo } = this.#connection;
    if (message === undefined && closeInfo !== undefined)
      this.#end(refusal(new ConnectionClosedError(closeInfo)));
    else this.#end(message);
  }

  /** The signal aborted. */
  handleEvent(): void {
    this.#giveUp(refusal(this.#signal?.reason));
  }

  #giveUp(outcome: Promise<never> | undefined): void {
    this.#connection.incoming.stopWaiting();
    this.#end(outcome);
  }

  #end(outcome: Message | Promise<never> | undefined): void {
    this.#timer?.close();
    this.#signal?.removeEventListener("abort", this);
    this.#settle(outcome);
    this.promise.catch(() => undefined);
  }
}
