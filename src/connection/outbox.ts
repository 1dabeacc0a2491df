/**
 * What cannot go out yet: messages for a peer that doesn't keep up, where some may still be dropped, and messages that
 * would get between the frames of a fragmented one. Only a connection to which that happens has one.
 */

import { ConnectionClosedError, InvalidFrameError, type CloseInfo } from "../errors.js";
import { CloseCode, failure, type Failure } from "../protocol/close-code.js";
import { isControl } from "../protocol/opcode.js";
import { frameProblem } from "./frame-problem.js";
import type { OverflowPolicy } from "./overflow.js";
import { PreparedMessage, type Outgoing } from "./prepared-message.js";
import { deferred, type Deferred } from "./promises.js";
import type { ConnectionSettings } from "./settings.js";
import type { Transport } from "./transport.js";

/** What it needs of its connection. */
export interface OutboxOwner {
  readonly transport: Transport;
  readonly settings: ConnectionSettings;
  /** Hands a message to the transport. */
  transmit(message: Outgoing): void;
  /** What settles when the peer keeps up with what was just sent. */
  whenSent(): Promise<void>;
  /** Ends the connection because of what the peer did. */
  fail(cause: Failure): void;
  refuseAsClosed(): Promise<never>;
  refuseAsMisuse(error: Error): Promise<never>;
}

interface Waiting {
  readonly message: Outgoing;
  readonly policy: OverflowPolicy;
  readonly key: string | undefined;
}

export class Outbox {
  readonly #connection: OutboxOwner;
  /** In the order in which they go out. */
  readonly #waiting = new Set<Waiting>();
  /** Of those with the mode `latest`, the one that waits for each key. */
  readonly #latest = new Map<OverflowPolicy, Map<string | undefined, Waiting>>();
  #bytes = 0;
  /** Of whoever waits for the peer to keep up. */
  #drain: Deferred<void> | undefined;
  /** Whether a message was begun whose last frame was not sent yet. */
  #isFragmenting = false;
  /** How many messages were dropped. */
  dropped = 0;

  constructor(connection: OutboxOwner) {
    this.#connection = connection;
  }

  /** Whether messages have to come here. */
  get isBusy(): boolean {
    return this.#drain !== undefined || this.#isFragmenting;
  }

  /** Bytes that wait here; text counted by its units of UTF-16. */
  get bufferedAmount(): number {
    return this.#bytes;
  }

  /** What settles when the peer keeps up again. */
  whenDrained(): Promise<void> {
    this.#drain ??= deferred<void>();
    return this.#drain.promise;
  }

  /** Sends a message, now or later, or drops one: after the rules of `policy`. */
  send(message: Outgoing, policy: OverflowPolicy, key: string | undefined): Promise<void> {
    const { transport, settings } = this.#connection;
    const isBehind = this.#isFragmenting || transport.bufferedAmount > settings.highWaterMark;
    if (policy.dropsWaiting && isBehind) {
      this.#add(message, policy, key);
      this.#dropOldest();
    } else if (this.#isFull) {
      return this.#refuse(policy);
    } else if (this.#isFragmenting || this.#waiting.size > 0) {
      this.#add(message, policy, key); // so that it comes behind them
    } else {
      this.#connection.transmit(message);
    }
    return this.whenDrained();
  }

  /** A single message may be larger than all that may wait: what follows it finds the peer too slow. */
  get #isFull(): boolean {
    const { transport, settings } = this.#connection;
    return transport.bufferedAmount + this.#bytes > settings.maxBufferedAmount;
  }

  #refuse(policy: OverflowPolicy): Promise<void> {
    if (policy.mode !== "close") {
      this.#countDropped(policy);
      return this.whenDrained();
    }
    if (this.#isFragmenting && !this.#isTooSlow) {
      const problem = "too much waits for the last frame of a fragmented message; send it";
      return this.#connection.refuseAsMisuse(new InvalidFrameError(problem));
    }
    this.#closeAsTooSlow(policy);
    return this.#connection.refuseAsClosed();
  }

  /** Whether it is the peer for whom too much waits, not the application. */
  get #isTooSlow(): boolean {
    const { transport, settings } = this.#connection;
    return transport.bufferedAmount > settings.maxBufferedAmount;
  }

  #closeAsTooSlow(policy: OverflowPolicy): void {
    policy.counts.closed++;
    this.#connection.fail(failure(CloseCode.tryAgainLater, "the peer reads too slowly"));
  }

  #add(message: Outgoing, policy: OverflowPolicy, key: string | undefined): void {
    const waiting = { message: kept(message), policy, key };
    if (policy.mode === "latest") this.#replaceLatest(waiting);
    this.#waiting.add(waiting);
    this.#bytes += message.length;
  }

  #replaceLatest(waiting: Waiting): void {
    const { policy, key } = waiting;
    const former = this.#latest.get(policy)?.get(key);
    if (former !== undefined) this.#drop(former);
    const byKey = this.#latest.get(policy) ?? new Map<string | undefined, Waiting>();
    this.#latest.set(policy, byKey.set(key, waiting));
  }

  #dropOldest(): void {
    for (const waiting of this.#waiting) {
      if (!this.#isFull || this.#waiting.size === 1) return;
      if (waiting.policy.dropsWaiting) this.#drop(waiting);
    }
  }

  #drop(waiting: Waiting): void {
    this.#remove(waiting);
    this.#countDropped(waiting.policy);
  }

  #countDropped(policy: OverflowPolicy): void {
    policy.counts.dropped++;
    this.dropped++;
  }

  #remove(waiting: Waiting): void {
    const { message, policy, key } = waiting;
    this.#waiting.delete(waiting);
    this.#bytes -= message.length;
    const byKey = this.#latest.get(policy);
    if (byKey?.get(key) !== waiting) return;
    byKey.delete(key);
    if (byKey.size === 0) this.#latest.delete(policy);
  }

  /** Sends one frame as it is, behind all messages that were sent before it. */
  sendFrame(opcode: number, payload: string | Uint8Array, fin: boolean): Promise<void> {
    const connection = this.#connection;
    const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
    const problem = frameProblem(opcode, bytes, fin, this.#isFragmenting);
    if (problem !== undefined) return connection.refuseAsMisuse(new InvalidFrameError(problem));
    const { transport, settings } = connection;
    if (this.#drain !== undefined && this.#isTooSlow) {
      this.#closeAsTooSlow(settings.overflow);
      return connection.refuseAsClosed();
    }
    if (!isControl(opcode)) this.flush();
    transport.sendFrame(opcode, bytes, fin);
    if (!isControl(opcode)) this.#isFragmenting = !fin;
    this.#release();
    return connection.whenSent();
  }

  /** Sends what waits, however much it is: what comes next must not overtake it. */
  flush(): void {
    if (this.#isFragmenting) return;
    for (const waiting of this.#waiting) this.#transmit(waiting);
  }

  /** Sends as much of what waits as the peer may be given. */
  #release(): void {
    const { transport, settings } = this.#connection;
    for (const waiting of this.#waiting) {
      if (this.#isFragmenting || transport.bufferedAmount > settings.highWaterMark) return;
      this.#transmit(waiting);
    }
  }

  #transmit(waiting: Waiting): void {
    this.#remove(waiting);
    this.#connection.transmit(waiting.message);
  }

  /**
   * All that was sent has gone out.
   *
   * @returns whether the peer keeps up again, after somebody has waited for it
   */
  drained(): boolean {
    this.#release();
    const { transport, settings } = this.#connection;
    const isBehind = this.#waiting.size > 0 || transport.bufferedAmount > settings.highWaterMark;
    const drain = this.#drain;
    if (drain === undefined || isBehind) return false;
    this.#drain = undefined;
    drain.resolve();
    return true;
  }

  /** The connection has ended. */
  end(info: CloseInfo): void {
    this.#waiting.clear();
    this.#latest.clear();
    this.#bytes = 0;
    this.#isFragmenting = false;
    this.#drain?.reject(new ConnectionClosedError(info));
    this.#drain = undefined;
  }
}

/** Not slice(), which for a Buffer is no copy. */
function kept(message: Outgoing): Outgoing {
  return typeof message === "string" || message instanceof PreparedMessage
    ? message
    : new Uint8Array(message);
}
