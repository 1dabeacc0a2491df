/** Several sockets that are spoken to at once. */

import type { OverflowPolicy } from "../connection/overflow.js";
import {
  outgoing,
  type PreparedMessage,
  type SendOptions,
  type Sendable,
} from "../connection/prepared-message.js";
import { SETTLED, refusal } from "../connection/promises.js";
import type { Socket } from "../connection/socket.js";
import { InvalidCloseError, InvalidMessageError } from "../errors.js";
import { closeReasonProblem } from "../protocol/close-code.js";
import type { Parcel } from "./parcel.js";
import { Preparer } from "./preparer.js";

const NOBODY = Promise.resolve(0);

/** One of them. */
export interface Member<Params = unknown, Request = unknown> {
  readonly socket: Socket<Params, Request>;
  /**
   * Sends it a message, if it is open.
   *
   * @param policy - what becomes of it if the peer is too slow; without it, that of the route holds
   */
  deliver(message: PreparedMessage, policy: OverflowPolicy | undefined, key: string | undefined): void;
  /** Ends the connection, and hands nothing more of it to its handler. */
  dismiss(code: number, reason: string): void;
}

/** How a message is sent to many. */
export interface AudienceSendOptions extends SendOptions {
  /** A socket that is left out: often that of the sender. */
  readonly except?: Socket<unknown> | undefined;
}

/**
 * Sockets that are spoken to at once: those of a route, of a room, of an identity, or all. With the option `broker`, what
 * is sent reaches those of all processes. Iterating gives the open ones of this process.
 */
export abstract class Audience<Params = unknown, Request = unknown> implements Iterable<
  Socket<Params, Request>
> {
  readonly #preparer = new Preparer();

  /** Those of this process. @internal */
  protected abstract members(): Iterable<Member<Params, Request>>;

  /** Tells other processes, if they know this audience. @internal */
  protected share(_parcel: Parcel): Promise<void> {
    return SETTLED;
  }

  /** How many there are in other processes, if they know this audience. @internal */
  protected countElsewhere(_params?: Parcel["params"]): Promise<number> {
    return NOBODY;
  }

  /** What becomes of messages for slow peers, if that is not for their routes to say. @internal */
  protected get policy(): OverflowPolicy | undefined {
    return undefined;
  }

  /** @internal */
  get preparer(): Preparer {
    return this.#preparer;
  }

  *[Symbol.iterator](): Generator<Socket<Params, Request>, undefined> {
    for (const { socket } of this.members()) if (socket.connected) yield socket;
    return undefined;
  }

  /** How many are open in this process. */
  get size(): number {
    let size = 0;
    for (const _ of this) size++;
    return size;
  }

  /**
   * How many are open in all processes that have the same broker. A process that doesn't answer within a second is taken
   * for dead.
   *
   * @throws {BrokerError} by rejecting, if the broker is out of reach
   */
  async count(): Promise<number> {
    const elsewhere = await this.countElsewhere();
    return this.size + elsewhere;
  }

  /**
   * Sends a message to each of them. One that reads too slowly doesn't hold up the others: what becomes of it, the option
   * `overflow` says.
   *
   * @returns a promise that need not be awaited: it settles when the broker has taken the message, if there is one
   * @throws {InvalidMessageError} if it is neither text nor bytes
   */
  send(message: Sendable, { except, key }: AudienceSendOptions = {}): Promise<void> {
    const sendable = outgoing(message);
    if (sendable === undefined) return refusal(new InvalidMessageError(message));
    const prepared = this.preparer.prepare(sendable);
    this.#deliver(prepared, key, except);
    return this.share({ message: prepared.message, key });
  }

  /** Sends a value as JSON text. Like {@link send} otherwise. */
  sendJson(value: unknown, options?: AudienceSendOptions): Promise<void> {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      return refusal(error as Error);
    }
    return text === undefined ? refusal(new InvalidMessageError(value)) : this.send(text, options);
  }

  #deliver(prepared: PreparedMessage, key?: string, except?: Socket<unknown>): void {
    const { policy } = this;
    const left = except?.self;
    for (const member of this.members()) if (member.socket !== left) member.deliver(prepared, policy, key);
  }

  /**
   * Begins the closing handshake with each of them (RFC 6455 §7.1.2).
   *
   * @param code - 1000 to 1003, 1007 to 1014 or 3000 to 4999. @default 1000
   * @param reason - at most 123 bytes of UTF-8. @default ""
   * @returns a promise that need not be awaited: it settles when the broker has taken it, if there is one
   * @throws {InvalidCloseError} at once, if the code or the reason may not be sent
   */
  close(code = 1000, reason = ""): Promise<void> {
    const problem = closeReasonProblem(code, reason);
    if (problem !== undefined) throw new InvalidCloseError(problem);
    this.end(code, reason);
    return this.share({ close: { code, reason } });
  }

  /** Ends those of this process. @internal */
  protected end(code: number, reason: string): void {
    for (const socket of this) void socket.close(code, reason);
  }

  /** How many of this process another one means. @internal */
  sizeFor(_parcel: Parcel): number {
    return this.size;
  }

  /** Does here what another process has told. @internal */
  receive({ message, key, close }: Parcel): void {
    if (message !== undefined) this.#deliver(this.preparer.prepare(message), key);
    if (close !== undefined) this.end(close.code, close.reason);
  }
}
