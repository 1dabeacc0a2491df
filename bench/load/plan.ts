/**
 * What the load generator is told to do.
 */

import type { Speech } from "./dialect.js";

interface Target {
  readonly port: number;
  readonly speaks: Speech;
  readonly connections: number;
}

/** Keeps `underWay` messages of `size` bytes going on each connection, and expects each back. */
export interface EchoPlan extends Target {
  readonly kind: "echo";
  readonly underWay: number;
  readonly size: number;
  /** Messages are JSON and compressed, there and back. */
  readonly compressed: boolean;
}

/** Opens the connections as subscribers, and one more that keeps `underWay` messages of `size` bytes going. */
export interface BroadcastPlan extends Target {
  readonly kind: "broadcast";
  readonly underWay: number;
  readonly size: number;
}

/** Opens the connections and says nothing, or nothing more than one message on each. */
export interface IdlePlan extends Target {
  readonly kind: "idle";
  /** The size of the one message, which is JSON and compressed, there and back; `undefined` for none. */
  readonly compressedSize: number | undefined;
}

/** Logs in once, and then keeps `connections` handshakes of that visitor going. Each connection is ended at once. */
export interface HandshakePlan {
  readonly kind: "handshake";
  readonly port: number;
  readonly connections: number;
}

export type LoadPlan = EchoPlan | BroadcastPlan | IdlePlan | HandshakePlan;

/** A load that runs. */
export interface Load {
  /** Messages that came back, deliveries, or handshakes, so far. */
  messages(): number;
  close(): void;
}
