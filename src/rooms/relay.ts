/** Tells other processes what is sent here, and hands on here what they tell: over a broker, if there is one. */

import { randomUUID } from "node:crypto";
import { SETTLED, unobtrusive } from "../connection/promises.js";
import type { Broker, BrokerLink } from "./broker.js";
import { decodeParcel, encodeParcel, type Parcel } from "./parcel.js";

/** Takes what other processes share with an audience of the same name. */
export type ParcelReceiver = (parcel: Parcel) => void;

export class Relay {
  readonly #link: BrokerLink | undefined;
  readonly #receivers = new Map<string, ParcelReceiver>();
  readonly #origin = randomUUID();
  #foreign = 0;

  /** @param broker - without one, there is nobody to tell */
  constructor(broker: Broker | undefined) {
    this.#link = broker?.connect((channel, payload) => this.#arrived(channel, payload));
  }

  /** How often something came that was nothing of ours: it was dropped. */
  get foreign(): number {
    return this.#foreign;
  }

  /** Tells all others on the channel. @returns a promise that need not be looked at */
  publish(channel: string, parcel: Parcel): Promise<void> {
    if (this.#link === undefined) return SETTLED;
    return unobtrusive(this.#link.publish(channel, encodeParcel(parcel, this.#origin)));
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
    const parcel = decodeParcel(payload);
    if (parcel === undefined) this.#foreign++;
    else if (parcel.origin !== this.#origin) this.#receivers.get(channel)?.(parcel);
  }
}
