/** Tells other processes what is sent here, and hands on here what they tell: over a broker, if there is one. */

import { randomUUID } from "node:crypto";
import { inContextOfItsOwn } from "../base/root-context.js";
import { SETTLED, refusal, unobtrusive } from "../connection/promises.js";
import { BrokerError } from "../errors.js";
import type { Broker, BrokerLink } from "./broker.js";
import { Headcount } from "./headcount.js";
import { decodeParcel, encodeParcel, type Parcel } from "./parcel.js";

/** A parcel, and which process it comes from. */
type Arrival = Parcel & { readonly origin: string };

/** Whom a channel leads to: an audience, as a rule. */
export interface Receiver {
  /** Takes what other processes share with an audience of the same name. */
  receive(parcel: Arrival): void;
  /** How many sockets are meant by a parcel. */
  sizeFor(parcel: Parcel): number;
}

/** A broker, and what it is used for. */
export interface RelayOptions {
  readonly broker?: Broker | undefined;
  /** Called when something may have been missed; never throws. */
  readonly gap?: () => void;
  /** Tells the channels of several apart that have one broker but are not one audience. @default "" */
  readonly scope?: string;
}

const NOBODY = Promise.resolve(0);

export class Relay {
  readonly #origin = randomUUID();
  readonly #receivers = new Map<string, Receiver>();
  #link: BrokerLink | undefined;
  #headcount: Headcount | undefined;
  #maxPayload = Infinity;
  #scope = "";
  #foreign = 0;

  constructor(options: RelayOptions = {}) {
    this.connect(options);
  }

  /** How often something came that was nothing of ours, or larger than the broker's `maxPayload`: it was dropped. */
  get foreign(): number {
    return this.#foreign;
  }

  /** Whether there is a broker. */
  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  /** Goes over to a broker; without one, there is nobody to tell. Only before there are sockets. */
  connect(options: RelayOptions): void {
    inContextOfItsOwn(() => this.#connect(options));
  }

  #connect({ broker, gap = () => undefined, scope = "" }: RelayOptions): void {
    void this.close();
    this.#scope = scope;
    this.#maxPayload = broker?.maxPayload ?? Infinity;
    this.#link = broker?.connect({
      received: (name, payload) => this.#arrived(name.slice(scope.length), payload),
      gap: () => {
        this.#headcount?.again();
        gap();
      },
    });
    if (this.#link === undefined) return;
    for (const channel of this.#receivers.keys()) void unobtrusive(this.#link.subscribe(scope + channel));
    this.#headcount = new Headcount(this.#origin, {
      publish: (channel, parcel) => this.publish(channel, parcel),
      subscribe: (channel, receive) => this.subscribe(channel, { receive, sizeFor: () => 0 }),
      sizeHere: (channel, parcel) => this.#receivers.get(channel)?.sizeFor(parcel) ?? 0,
    });
  }

  /** Tells all others on the channel. @returns a promise that need not be looked at */
  publish(channel: string, parcel: Parcel): Promise<void> {
    if (this.#link === undefined) return SETTLED;
    const payload = encodeParcel(parcel, this.#origin);
    if (payload.length > this.#maxPayload) return refusal(tooLarge(payload.length, this.#maxPayload));
    return unobtrusive(this.#link.publish(this.#scope + channel, payload));
  }

  /**
   * Takes what others publish on a channel: all that comes once the promise has resolved. Without a broker, it is taken from
   * when there is one.
   */
  subscribe(channel: string, receiver: Receiver): Promise<void> {
    this.#receivers.set(channel, receiver);
    const link = this.#link;
    if (link === undefined) return SETTLED;
    // What is subscribed to stays so for those who come later.
    return unobtrusive(inContextOfItsOwn(() => link.subscribe(this.#scope + channel)));
  }

  unsubscribe(channel: string): void {
    this.#receivers.delete(channel);
    if (this.#link !== undefined) void unobtrusive(this.#link.unsubscribe(this.#scope + channel));
  }

  /**
   * How many sockets the audience of a channel has in other processes.
   *
   * @param params - for those of a route whose variables of the path have these values
   * @throws {BrokerError} if the broker is out of reach
   */
  countElsewhere(channel: string, params?: Parcel["params"]): Promise<number> {
    return this.#headcount?.elsewhere(channel, params) ?? NOBODY;
  }

  async close(): Promise<void> {
    void this.#headcount?.leave();
    await this.#link?.close();
  }

  #arrived(channel: string, payload: Uint8Array): void {
    const parcel = payload.length > this.#maxPayload ? undefined : decodeParcel(payload);
    if (parcel === undefined) this.#foreign++;
    else if (parcel.origin !== this.#origin) this.#receivers.get(channel)?.receive(parcel);
  }
}

function tooLarge(length: number, maxPayload: number): BrokerError {
  return new BrokerError(
    `expected a message that takes at most ${maxPayload} bytes on its way over the broker, but got one that takes ` +
      `${length}; send less at a time, or give all processes a broker with a larger maxPayload`,
  );
}
