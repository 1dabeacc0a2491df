/** What becomes of messages for peers that read too slowly. */

/**
 * What is done when more than `maxBufferedAmount` waits for a peer that doesn't keep up:
 *
 * - `"close"`: the connection ends with 1013.
 * - `"drop-newest"`: what comes then is dropped.
 * - `"drop-oldest"`: what waits longest is dropped.
 * - `"latest"`: of the messages with one `key`, only the latest waits. For prices, positions, states.
 *
 * With the last two, what exceeds `highWaterMark` already waits where it can still be dropped.
 */
export type OverflowMode = "close" | "drop-newest" | "drop-oldest" | "latest";

/** The modes, for the check of options. */
export const overflowModes: readonly OverflowMode[] = ["close", "drop-newest", "drop-oldest", "latest"];

/** How often peers were too slow. */
export interface OverflowCounts {
  /** Messages that were dropped; one that was dropped for three sockets counts three times. */
  readonly dropped: number;
  /** Connections that were ended with 1013. */
  readonly closed: number;
}

/** A mode, and how often it came to that: for a route, or for a room. */
export class OverflowPolicy {
  readonly mode: OverflowMode;
  readonly counts: { dropped: number; closed: number } = { dropped: 0, closed: 0 };

  constructor(mode: OverflowMode) {
    this.mode = mode;
  }

  /** Whether messages may still be dropped while they wait. */
  get dropsWaiting(): boolean {
    return this.mode === "drop-oldest" || this.mode === "latest";
  }
}
