/** The channel between a process and one that it has started, and what goes over it. */

import { atEndOfTurn } from "../base/timers.js";

/** What is needed of it: a worker has its `process`, its parent a `Worker` of node:cluster or a `ChildProcess`. */
export interface ProcessChannel {
  send?(message: unknown, callback: (error: Error | null) => void): boolean;
  on(event: "message" | "disconnect", listener: (message: unknown) => void): unknown;
  off(event: "message" | "disconnect", listener: (message: unknown) => void): unknown;
}

/** Tells whether an item could be sent. */
type Settle = (error: Error | null) => void;

/** The name of what is ours: the app may use the channel, too. */
const ENVELOPE = "jackfield broker";

/** Collects items for one turn of the event loop, and sends them in one message: that it is one is what costs. */
export class Mailer<Item extends readonly unknown[]> {
  readonly #channel: ProcessChannel;
  #items: Item[] = [];
  #settles: Settle[] = [];
  #bytes = 0;
  #bufferedAmount = 0;
  readonly #flush = (): void => this.#send();

  constructor(channel: ProcessChannel) {
    this.#channel = channel;
  }

  /** How many bytes of payloads the operating system has not taken yet. */
  get bufferedAmount(): number {
    return this.#bufferedAmount;
  }

  /** @param bytes - of the payload that is in it */
  post(item: Item, bytes = 0, settle?: Settle): void {
    if (this.#items.length === 0) atEndOfTurn(this.#flush);
    this.#items.push(item);
    this.#bytes += bytes;
    this.#bufferedAmount += bytes;
    if (settle !== undefined) this.#settles.push(settle);
  }

  #send(): void {
    const [message, bytes, settles] = [{ [ENVELOPE]: this.#items }, this.#bytes, this.#settles];
    this.#items = [];
    this.#bytes = 0;
    this.#settles = [];
    const taken = (error: Error | null): void => {
      this.#bufferedAmount -= bytes;
      for (const settle of settles) settle(error);
    };
    if (this.#channel.send === undefined) taken(new Error("the process was not started by another one"));
    else this.#channel.send(message, taken);
  }
}

/** The items of a message; none, if it is not ours. */
export function itemsIn(message: unknown): readonly (readonly unknown[])[] {
  if (typeof message !== "object" || message === null) return [];
  const items: unknown = (message as Record<string, unknown>)[ENVELOPE];
  return Array.isArray(items) ? items.filter((item) => Array.isArray(item)) : [];
}
