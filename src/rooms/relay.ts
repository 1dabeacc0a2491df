/** Tells other processes what is sent here, and hands on here what they tell: over a broker, if there is one. */

import { randomUUID } from "node:crypto";
import { SETTLED, refusal, unobtrusive } from "../connection/promises.js";
import { BrokerError } from "../errors.js";
import type { Broker, BrokerLink } from "./broker.js";
import { decodeParcel, encodeParcel, type Parcel } from "./parcel.js";

/** Takes what other processes share with an audience of the same name. */
export type ParcelReceiver = (parcel: Parcel) => void;

export class Relay {
  readonly #link: BrokerLink | undefined;
  readonly #maxPayload: number;
  readonly #receivers = new Map<string, ParcelReceiver>();
  readonly #origin = randomUUID();
  #foreign = 0;

  /**
   * @param broker - without one, there is nobody to tell
   * @param gap - called when something may have been missed; never throws
   */
  constructor(broker: Broker | undefined, gap: () => void = () => undefined) {
    this.#maxPayload = broker?.maxPayload ?? Infinity;
    this.#link = broker?.connect({ received: (channel, payload) => this.#arrived(channel, payload), gap });
  }

  /** How often something came that was nothing of ours, or larger than the broker's `maxPayload`: it was dropped. */
  get foreign(): number {
    return this.#foreign;
  }

  /** Tells all others on the channel. @returns a promise that need not be looked at */
  publish(channel: string, parcel: Parcel): Promise<void> {
    if (this.#link === undefined) return SETTLED;
    const payload = encodeParcel(parcel, this.#origin);
    if (payload.length > this.#maxPayload) return refusal(tooLarge(payload.length, this.#maxPayload));
    return unobtrusive(this.#link.publish(channel, payload));
  }

  /** Takes what others publish on a channel: all that comes once the promise has resolved. */
  subscribe(channel: string, receive: ParcelReceiver): Promise<void> {
    if (this.#link === undefined) return SETTLED;
    this.#receivers.set(channel, receive);
    return unobtrusive(this.#link.subscribe(channel));
  }

  unsubscribe(channel: string): void {
    if (this.#link === undefined) return;
    this.#receivers.delete(channel);
    void unobtrusive(this.#link.unsubscribe(channel));
  }

  async close(): Promise<void> {
    await this.#link?.close();
  }

  #arrived(channel: string, payload: Uint8Array): void {
    const parcel = payload.length > this.#maxPayload ? undefined : decodeParcel(payload);
    if (parcel === undefined) this.#foreign++;
    else if (parcel.origin !== this.#origin) this.#receivers.get(channel)?.(parcel);
  }
}

function tooLarge(length: number, maxPayload: number): BrokerError {
  return new BrokerError(
    `expected a message that takes at most ${maxPayload} bytes on its way over the broker, but got one that takes ` +
      `${length}; send less at a time, or give all processes a broker with a larger maxPayload`,
  );
}
