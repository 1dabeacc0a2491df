/** What a process publishes over the network: in flight, or waiting for the server to be within reach. */

import { deferred, refusal, type Deferred } from "../connection/promises.js";
import { BrokerError } from "../errors.js";
import type { Wire } from "./wire.js";

/** How much may be published that the server has not taken yet. */
export interface OutboundLimits {
  /** Payloads. @default 10000 */
  readonly maxQueue: number;
  /** Bytes. @default 67108864 */
  readonly maxQueueBytes: number;
}

interface Publication {
  readonly channel: string;
  readonly payload: Uint8Array;
  readonly outcome: Deferred<void>;
}

export class Outbound {
  readonly #limits: OutboundLimits;
  readonly #inFlight = new Set<Publication>();
  #waiting: Publication[] = [];
  #bytes = 0;
  /** Where to publish; without one, all waits. */
  #wire: Wire | undefined;
  /** To be told when nothing is in flight any more. */
  #landed: Deferred<void> | undefined;

  constructor(limits: OutboundLimits) {
    this.#limits = limits;
  }

  /** @returns a promise that settles when the server has taken the payload, or when it is certain that it won't */
  publish(channel: string, payload: Uint8Array): Promise<void> {
    const { maxQueue, maxQueueBytes } = this.#limits;
    const count = this.#inFlight.size + this.#waiting.length;
    if (count >= maxQueue || this.#bytes + payload.length > maxQueueBytes)
      return refusal(fullQueue(count, this.#bytes));
    const publication = { channel, payload, outcome: deferred<void>() };
    this.#bytes += payload.length;
    if (this.#wire === undefined) this.#waiting.push(publication);
    else void this.#send(publication, this.#wire);
    return publication.outcome.promise;
  }

  /** Lets out what waits, in order, and what comes from now on. */
  open(wire: Wire): void {
    this.#wire = wire;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const publication of waiting) void this.#send(publication, wire);
  }

  /** Has what comes from now on wait. Whether the server has taken what is in flight, nobody knows: it is refused. */
  cut(reason: Error): void {
    this.#wire = undefined;
    for (const publication of this.#inFlight) this.#settle(publication, publicationLost(reason));
  }

  /** Refuses what waits. */
  abandon(reason: BrokerError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { payload, outcome } of waiting) {
      this.#bytes -= payload.length;
      outcome.reject(reason);
    }
  }

  /** Resolves when nothing is in flight. */
  landed(): Promise<void> {
    this.#landed ??= deferred<void>();
    if (this.#inFlight.size === 0) this.#landed.resolve();
    return this.#landed.promise;
  }

  /** Never rejects. */
  async #send(publication: Publication, wire: Wire): Promise<void> {
    this.#inFlight.add(publication);
    try {
      await wire.publish(publication.channel, publication.payload);
      this.#settle(publication);
    } catch (error) {
      this.#settle(publication, error instanceof BrokerError ? error : publicationLost(error));
    }
  }

  /** Those that the cut has settled may be settled again by what is left of the wire: that counts no more. */
  #settle(publication: Publication, error?: BrokerError): void {
    if (!this.#inFlight.delete(publication)) return;
    this.#bytes -= publication.payload.length;
    if (error === undefined) publication.outcome.resolve();
    else publication.outcome.reject(error);
    if (this.#inFlight.size === 0) this.#landed?.resolve();
  }
}

function fullQueue(count: number, bytes: number): BrokerError {
  return new BrokerError(
    `expected the broker to take what is published, but ${count} payloads of ${bytes} bytes wait for it already ` +
      "(maxQueue, maxQueueBytes); publish again when it is within reach",
  );
}

function publicationLost(cause: unknown): BrokerError {
  return new BrokerError(
    "expected the broker to take a payload, but the connection was cut first; nobody knows whether it has arrived, " +
      "and it is not sent again",
    { cause },
  );
}
