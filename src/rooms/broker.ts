/**
 * The seam between the processes of an application: a broker carries what is sent to rooms, routes and identities to
 * all others. `test/rooms/broker-contract.ts` is the contract that every broker passes.
 */

/** Carries payloads between all that connect to it. */
export interface Broker {
  /**
   * The most bytes that a payload may have: larger ones are refused when they are published, and dropped and counted when
   * they arrive. @default no limit
   */
  readonly maxPayload?: number | undefined;
  /** Joins in. */
  connect(listener: BrokerListener): BrokerLink;
}

/** What a link tells. Its methods never throw. */
export interface BrokerListener {
  /** Called with each payload of a channel that the link has subscribed to. The bytes are the callee's. */
  received(channel: string, payload: Uint8Array): void;
  /**
   * Called when the link is whole again after it was cut, once for each time: payloads may have been missed until now, and
   * whatever is published from now on arrives.
   */
  gap(): void;
}

/**
 * What one process has of a broker. What it promises:
 *
 * - Each payload arrives at most once, complete and unchanged, at each link that has subscribed to its channel. Whether
 *   it comes back to the link that published it, is left open.
 * - What one link publishes on one channel, arrives in that order.
 * - Once `subscribe` has resolved, everything is received that is published on the channel from then on, until the link
 *   is cut; then `gap` tells from when on that holds again.
 * - Channels are any text: no character means anything.
 */
export interface BrokerLink {
  /** Resolves when the broker has taken the payload; rejects if it can't. The bytes are the caller's again then. */
  publish(channel: string, payload: Uint8Array): Promise<void>;
  subscribe(channel: string): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  /** Leaves. Nothing is received any more. */
  close(): Promise<void>;
}
