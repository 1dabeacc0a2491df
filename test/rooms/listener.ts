/** A link to a broker that keeps what comes. */

import type { TestContext } from "node:test";
import type { Broker, BrokerLink } from "jackfield";
import { deferred } from "../frameworks/clients.js";

/** What came on a channel. */
interface Arrival {
  readonly channel: string;
  readonly payload: Uint8Array;
}

export class Listener {
  readonly link: BrokerLink;
  readonly arrivals: Arrival[] = [];
  /** The payloads as text, in the order in which they came. */
  readonly texts: string[] = [];
  /** How often something may have been missed. */
  gaps = 0;
  /** Done with each payload that comes. */
  onPayload: (payload: Uint8Array) => void = () => undefined;
  #arrived = deferred();

  constructor(t: TestContext, broker: Broker) {
    this.link = broker.connect({
      received: (channel, payload) => {
        this.arrivals.push({ channel, payload });
        this.texts.push(Buffer.from(payload).toString());
        this.onPayload(payload);
        this.#arrived.resolve();
      },
      gap: () => {
        this.gaps++;
        this.#arrived.resolve();
      },
    });
    t.after(() => this.link.close());
  }

  /** Waits until this text has come. */
  async until(text: string): Promise<void> {
    while (!this.texts.includes(text)) await this.#next();
  }

  /** Waits until so many payloads have come. */
  async untilCount(count: number): Promise<void> {
    while (this.texts.length < count) await this.#next();
  }

  /** Waits until so many gaps were told of. */
  async untilGaps(count: number): Promise<void> {
    while (this.gaps < count) await this.#next();
  }

  #next(): Promise<void> {
    this.#arrived = deferred();
    return this.#arrived.promise;
  }
}
