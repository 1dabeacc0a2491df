/** Notices that a server is gone though nobody said so: half-open connections, servers that hang. */

import { startInterval, type Timer } from "../base/timers.js";
import { deferred } from "../connection/promises.js";
import type { Wire } from "./wire.js";

export class Pulse {
  readonly #lost = deferred<Error>();
  readonly #timer: Pick<Timer, "close">;
  #isAwaited = false;

  /** @param interval - how often the server is asked, and how long it may take to answer, in milliseconds */
  constructor(wire: Wire, interval: number) {
    this.#timer = startInterval(() => {
      if (this.#isAwaited) this.#lost.resolve(new Error(`the server has not answered for ${interval} ms`));
      else void this.#ask(wire);
    }, interval);
  }

  /** Resolves, with the reason, once an answer is missing. */
  get lost(): Promise<Error> {
    return this.#lost.promise;
  }

  stop(): void {
    this.#timer.close();
  }

  /** Never rejects. */
  async #ask(wire: Wire): Promise<void> {
    this.#isAwaited = true;
    try {
      await wire.ping();
      this.#isAwaited = false;
    } catch (error) {
      this.#lost.resolve(error as Error);
    }
  }
}
