/** What can be set for a connection, and what holds if nothing is. */

import type { InboxLimits } from "./inbox.js";
import { OverflowPolicy } from "./overflow.js";
import type { RateLimit } from "./rate-limit.js";

/** How one connection behaves. Durations are in milliseconds, sizes in bytes. */
export interface ConnectionSettings {
  /** Without any traffic for so long, a ping is sent; 0 sends none. @default 20000 */
  readonly pingInterval: number;
  /** Without a sign of life for so long after a ping, the connection ends with 1006. @default 20000 */
  readonly pongTimeout: number;
  /**
   * How long an end may make no progress before the connection is dropped: what was sent before doesn't go out (twice that
   * while much waits for a slow peer), our close frame has gone out but isn't answered, or the peer is gone and the
   * handler takes nothing of what it had sent. @default 10000
   */
  readonly closeTimeout: number;
  /** A message begun but without progress for so long ends the connection with 1008. @default 60000 */
  readonly messageTimeout: number;
  /** How much may wait for the handler before the peer is paused. */
  readonly inbox: InboxLimits;
  /** How fast the peer may send messages, if there is a limit. */
  readonly rateLimit: RateLimit | undefined;
  /** How many messages of one socket hooks may handle at once: a whole number, or Infinity. @default 1 */
  readonly concurrency: number;
  /** Above so many bytes on their way out, `send` waits. @default 65536 */
  readonly highWaterMark: number;
  /** Above so many bytes on their way out, the peer is too slow; see `overflow`. @default 16777216 */
  readonly maxBufferedAmount: number;
  /** What becomes of messages for a peer that is too slow. */
  readonly overflow: OverflowPolicy;
}

export const defaultConnectionSettings: ConnectionSettings = {
  pingInterval: 20_000,
  pongTimeout: 20_000,
  closeTimeout: 10_000,
  messageTimeout: 60_000,
  inbox: { maxMessages: 256, maxBytes: 262_144 },
  rateLimit: undefined,
  concurrency: 1,
  highWaterMark: 65_536,
  maxBufferedAmount: 16_777_216,
  overflow: new OverflowPolicy("close"),
};
