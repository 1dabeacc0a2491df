/**
 * The seam between the processes of an application: a broker carries what is sent to rooms, routes and identities to
 * all others. `test/rooms/broker-contract.ts` is the contract that every broker passes.
 */

/** Carries payloads between all that connect to it. */
export interface Broker {
  /**
   * Joins in.
   *
   * @param receive - called with each payload of a channel that the link has subscribed to; never throws. The bytes are
   *   the callee's
   */
  connect(receive: BrokerReceiver): BrokerLink;
}

export type BrokerReceiver = (channel: string, payload: Uint8Array) => void;

/**
 * What one process has of a broker. What it promises:
 *
 * - Each payload arrives at most once, complete and unchanged, at each link that has subscribed to its channel. Whether
 *   it comes back to the link that published it, is left open.
 * - What one link publishes on one channel, arrives in that order.
 * - Once `subscribe` has resolved, everything is received that is published on the channel from then on.
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
