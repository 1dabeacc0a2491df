/**
 * Everything about a connection that has to do with time, in one entry on the timer wheel: pings and the wait for a
 * sign of life (RFC 6455 §5.5.2), messages that don't get on, and an end that doesn't get on: what was received is not
 * taken, what was sent doesn't go out, or the close frame is not answered.
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
  /** How many messages that had to wait were taken by the application. */
  readonly incoming: { readonly taken: number };
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

/** How often to look within a close timeout: the second look sees whether something has moved since the first. */
const END_LOOKS = 2;

/**
 * Of a peer that has more than so many bytes still to take, the operating system lets a slow but steady reading be seen only
 * in steps of a megabyte or more: it is given several close timeouts to make one.
 */
const BACKLOG = 65_536;
const BACKLOG_PATIENCE = 2;

const NO_PAYLOAD = new Uint8Array(0);

interface Ping {
  readonly payload: Buffer;
  readonly sentAt: number;
  readonly answered: Deferred<number>;
}

type Waiting =
  | "for traffic"
  | "for a sign of life"
  /** Nothing more comes, but what came is held back until the application has taken what it has. */
  | "for the application"
  /** What was sent last, such as our close frame, has not gone out yet. */
  | "for the output"
  /** All has gone out; the peer's answer is to come, or its end. */
  | "for the end";

export class Heartbeat implements Timed {
  timerTurn: number = UNSET;
  timerNext: Timed | undefined;
  timerPrevious: Timed | undefined;

  readonly #connection: HeartbeatConnection;
  #waiting: Waiting = "for traffic";
  /** What the transport's were at the last look; `undefined` if it is not to be compared. */
  #activity: number | undefined = 0;
  #progress: number | undefined;
  /** Bytes that the peer had not taken then, if that was looked at; at the end of a connection, the least there ever were. */
  #untaken: number | undefined;
  /** When the end began or at a later look: bytes on their way out, at least, and messages that were taken. */
  #unsent = 0;
  #taken = 0;
  /** For how long there was no traffic, none since a ping, or the end didn't get on; and for how long the message under way made no progress, in milliseconds. */
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
    if (!this.#isEnding) this.#lookIn(this.#interval);
  }

  get #isEnding(): boolean {
    return this.#waiting !== "for traffic" && this.#waiting !== "for a sign of life";
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

  /** The peer has ended, but some of what it sent is held back: the connection is dropped if the application takes nothing. */
  awaitHandler(): void {
    if (!this.#isEnding) this.#awaitEnd("for the application");
  }

  /** The connection is to end: it is dropped if within the close timeout nothing goes out or, once all has, it has not. */
  awaitClose(): void {
    if (this.#waiting === "for the output" || this.#waiting === "for the end") return;
    this.#awaitEnd(this.#connection.transport.bufferedAmount > 0 ? "for the output" : "for the end");
  }

  /** All that was sent has gone out: only now, the time for the peer's answer begins. */
  drained(): void {
    if (this.#waiting === "for the output" && this.#connection.transport.bufferedAmount === 0)
      this.#awaitEnd("for the end");
  }

  #awaitEnd(waiting: Waiting): void {
    const { transport, incoming, settings } = this.#connection;
    this.#waiting = waiting;
    this.#silence = 0;
    this.#unsent = transport.bufferedAmount;
    this.#untaken = undefined;
    this.#taken = incoming.taken;
    this.#lookIn(settings.closeTimeout / END_LOOKS);
  }

  /** How long to wait before the next look, in milliseconds. */
  get #interval(): number {
    const { pingInterval, messageTimeout } = this.#connection.settings;
    return Math.min(pingInterval > 0 ? pingInterval / LOOKS : LOOK_INTERVAL, messageTimeout);
  }

  expire(): void {
    const connection = this.#connection;
    if (this.#isEnding) return this.#lookAtEnd();
    if (this.#isMessageStalled()) {
      connection.fail(failure(CloseCode.policyViolation, "a message was begun but did not get on"));
      return;
    }
    const { activity } = connection.transport;
    if (activity !== this.#activity) this.#untaken = undefined;
    const isSilent = activity === this.#activity && !this.#hasTaken();
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

  /**
   * Whether the peer has taken something since the last look, though too little for the operating system to take more. Only
   * a peer that keeps us waiting is looked at so closely.
   */
  #hasTaken(): boolean {
    const { transport } = this.#connection;
    const former = this.#untaken;
    const keepsWaiting = this.#waiting === "for a sign of life" || transport.bufferedAmount > 0;
    this.#untaken = keepsWaiting ? transport.untakenAmount : undefined;
    return former !== undefined && this.#untaken !== undefined && this.#untaken < former;
  }

  #lookAtEnd(): void {
    const { closeTimeout } = this.#connection.settings;
    this.#silence = this.#getsOn() ? 0 : this.#silence + this.#delay;
    const isBehind = this.#unsent > 0 || (this.#untaken ?? 0) > BACKLOG;
    if (this.#silence >= (isBehind ? BACKLOG_PATIENCE * closeTimeout : closeTimeout))
      this.#connection.terminate("network");
    else this.#lookIn(closeTimeout / END_LOOKS);
  }

  /** Only a new low counts, so that a peer can't keep a connection by what it has us send, such as pongs. */
  #getsOn(): boolean {
    const { transport, incoming } = this.#connection;
    const { bufferedAmount: unsent, untakenAmount: untaken } = transport;
    const { taken } = incoming;
    const wasTaken = this.#waiting === "for the application" && taken !== this.#taken;
    const lowest = this.#untaken ?? untaken;
    const hasGoneOut = unsent < this.#unsent || untaken < lowest;
    this.#unsent = Math.min(unsent, this.#unsent);
    this.#untaken = Math.min(untaken, lowest);
    this.#taken = taken;
    return wasTaken || hasGoneOut;
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
