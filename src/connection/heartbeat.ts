/**
 * Everything about a connection that has to do with time, in one entry on the timer wheel: pings and the wait for a
 * sign of life (RFC 6455 §5.5.2), messages that don't get on, and a close frame that is not answered.
 */

import { now } from "../base/timers.js";
import { ConnectionClosedError, type CloseInfo } from "../errors.js";
import { CloseCode, failure, type Failure } from "../protocol/close-code.js";
import { Opcode } from "../protocol/opcode.js";
import { deferred, type Deferred } from "./promises.js";
import type { ConnectionSettings } from "./settings.js";
import { timerWheel, UNSET, type Timed } from "./timer-wheel.js";
import type { Transport } from "./transport.js";

/** What the heartbeat asks of its connection. */
export interface HeartbeatConnection {
  readonly transport: Transport;
  readonly settings: ConnectionSettings;
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  fail(cause: Failure): void;
  terminate(by: CloseInfo["by"], reason?: string): void;
  refuseAsClosed(): Promise<never>;
}

/**
 * How often to look within a ping interval. Silence begins somewhere between two looks, so that the last of them may
 * not be waited for: else a ping would come too late.
 */
const LOOKS = 4;

/** How often to look at a connection that is not to be pinged, in milliseconds. */
const LOOK_INTERVAL = 20_000;

const NO_PAYLOAD = new Uint8Array(0);

interface Ping {
  readonly payload: Buffer;
  readonly sentAt: number;
  readonly answered: Deferred<number>;
}

type Waiting = "for traffic" | "for a sign of life" | "for the end";

export class Heartbeat implements Timed {
  timerTurn: number = UNSET;
  timerNext: Timed | undefined;
  timerPrevious: Timed | undefined;

  readonly #connection: HeartbeatConnection;
  #waiting: Waiting = "for traffic";
  /** What the transport's were at the last look; `undefined` if it is not to be compared. */
  #activity: number | undefined = 0;
  #progress: number | undefined;
  /** For how long there was no traffic, or none since a ping, and for how long the message under way made no progress, in milliseconds. */
  #silence = 0;
  #stalled = 0;
  /** How long the look before the last one lies back, in milliseconds. */
  #delay = 0;
  /** The application's own pings that were not answered yet, oldest first. */
  #pings: Ping[] | undefined;
  #pingCount = 0;

  constructor(connection: HeartbeatConnection) {
    this.#connection = connection;
  }

  start(): void {
    // A handler may have closed its socket before it was started.
    if (this.#waiting !== "for the end") this.#lookIn(this.#interval);
  }

  #lookIn(delay: number): void {
    this.#delay = delay;
    timerWheel.set(this, delay);
  }

  /** The peer was paused until now, and so nothing that it did or did not do counts. */
  resumed(): void {
    this.#activity = undefined;
    this.#progress = undefined;
  }

  stop(): void {
    timerWheel.clear(this);
  }

  /** The connection is to end: it is dropped if it has not within the close timeout. */
  awaitClose(): void {
    if (this.#waiting === "for the end") return;
    this.#waiting = "for the end";
    timerWheel.set(this, this.#connection.settings.closeTimeout);
  }

  /** How long to wait before the next look, in milliseconds. */
  get #interval(): number {
    const { pingInterval, messageTimeout } = this.#connection.settings;
    return Math.min(pingInterval > 0 ? pingInterval / LOOKS : LOOK_INTERVAL, messageTimeout);
  }

  expire(): void {
    const connection = this.#connection;
    if (this.#waiting === "for the end") {
      connection.terminate("network");
      return;
    }
    if (this.#isMessageStalled()) {
      connection.fail(failure(CloseCode.policyViolation, "a message was begun but did not get on"));
      return;
    }
    const { activity } = connection.transport;
    const isSilent = activity === this.#activity;
    this.#activity = activity;
    if (isSilent && !connection.isPaused && this.#waiting === "for a sign of life") {
      this.#onNoSign();
      return;
    }
    this.#waiting = "for traffic";
    this.#silence = isSilent ? this.#silence + this.#delay : 0;
    const { pingInterval } = connection.settings;
    if (pingInterval > 0 && this.#silence >= (pingInterval * (LOOKS - 1)) / LOOKS) this.#sendHeartbeat();
    else this.#lookIn(this.#interval);
  }

  /** Looks as often as before: once the sign has come, the next ping is due an interval later, not a pong timeout. */
  #onNoSign(): void {
    const { pongTimeout } = this.#connection.settings;
    this.#silence += this.#delay;
    const left = pongTimeout - this.#silence;
    if (left > 0) this.#lookIn(Math.min(this.#interval, left));
    else this.#connection.terminate("network", `no pong came within ${pongTimeout} ms`);
  }

  /** To a peer that we paused too: we would not see its pong, but that a ping cannot reach it any more. */
  #sendHeartbeat(): void {
    const { transport, settings, isPaused } = this.#connection;
    transport.sendFrame(Opcode.ping, NO_PAYLOAD, true);
    this.#silence = 0;
    if (!isPaused) this.#waiting = "for a sign of life";
    this.#lookIn(isPaused ? this.#interval : Math.min(this.#interval, settings.pongTimeout));
  }

  #isMessageStalled(): boolean {
    const { progress } = this.#connection.transport;
    const isStalled = progress !== undefined && progress === this.#progress && !this.#connection.isPaused;
    this.#progress = progress;
    this.#stalled = isStalled ? this.#stalled + this.#delay : 0;
    return this.#stalled >= this.#connection.settings.messageTimeout;
  }

  /** Sends a ping of the application. @returns the round-trip time in milliseconds */
  ping(): Promise<number> {
    if (!this.#connection.isOpen) return this.#connection.refuseAsClosed();
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(++this.#pingCount >>> 0);
    const ping = { payload, sentAt: now(), answered: deferred<number>() };
    this.#pings ??= [];
    this.#pings.push(ping);
    this.#connection.transport.sendFrame(Opcode.ping, payload, true);
    return ping.answered.promise;
  }

  /** A pong answers its ping, and those before it that the peer may have skipped (RFC 6455 §5.5.3). */
  pong(payload: Uint8Array): void {
    const answered = this.#pings?.findIndex((ping) => ping.payload.equals(payload)) ?? -1;
    if (this.#pings === undefined || answered < 0) return;
    const at = now();
    for (const ping of this.#pings.splice(0, answered + 1)) ping.answered.resolve(at - ping.sentAt);
  }

  /** No answer can come any more. */
  rejectPings(info: CloseInfo): void {
    for (const ping of this.#pings ?? []) ping.answered.reject(new ConnectionClosedError(info));
    this.#pings = undefined;
  }
}
