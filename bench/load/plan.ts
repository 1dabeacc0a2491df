/**
 * What the load generator is told to do.
 */

interface Target {
  readonly port: number;
  /** Raw TCP gets no handshake, and gives back each masked frame as it came. */
  readonly speaks: "websocket" | "tcp";
  readonly connections: number;
}

/** Keeps `underWay` messages of `size` bytes going on each connection, and expects each back. */
export interface EchoPlan extends Target {
  readonly kind: "echo";
  readonly underWay: number;
  readonly size: number;
}

/** Opens the connections as subscribers, and one more that keeps `underWay` messages of `size` bytes going. */
export interface BroadcastPlan extends Target {
  readonly kind: "broadcast";
  readonly underWay: number;
  readonly size: number;
}

/** Opens the connections and says nothing. */
export interface IdlePlan extends Target {
  readonly kind: "idle";
}

export type LoadPlan = EchoPlan | BroadcastPlan | IdlePlan;

/** A load that runs. */
export interface Load {
  /** Messages that came back, or deliveries, so far. */
  messages(): number;
  close(): void;
}
