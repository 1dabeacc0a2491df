/** Several sockets that are spoken to at once. */

import { refusal } from "../connection/promises.js";
import type { Sendable, Socket } from "../connection/socket.js";
import { InvalidCloseError, InvalidMessageError } from "../errors.js";
import { closeReasonProblem } from "../protocol/close-code.js";

/** One of them. */
export interface Member<Params = unknown, Request = unknown> {
  readonly socket: Socket<Params, Request>;
  /** Ends the connection, and hands nothing more of it to its handler. */
  dismiss(code: number, reason: string): void;
}

/** How a message is sent to many. */
export interface AudienceSendOptions {
  /** A socket that is left out: often that of the sender. */
  readonly except?: Socket<unknown> | undefined;
}

const SENT = Promise.resolve();

/** Sockets of this process: those of a route, of an identity, or all. Iterating gives those that are open. */
export abstract class Audience<Params = unknown, Request = unknown> implements Iterable<
  Socket<Params, Request>
> {
  /** @internal */
  protected abstract members(): Iterable<Member<Params, Request>>;

  *[Symbol.iterator](): Generator<Socket<Params, Request>, undefined> {
    for (const { socket } of this.members()) if (socket.connected) yield socket;
    return undefined;
  }

  /** How many are open. */
  get size(): number {
    let size = 0;
    for (const _ of this) size++;
    return size;
  }

  /**
   * Sends a message to each of them. One that reads too slowly doesn't hold up the others: past `maxBufferedAmount` its
   * connection ends with 1013.
   *
   * @returns a promise that need not be awaited
   * @throws {InvalidMessageError} if it is neither text nor bytes
   */
  send(message: Sendable, { except }: AudienceSendOptions = {}): Promise<void> {
    if (!isSendable(message)) return refusal(new InvalidMessageError(message));
    const left = except?.self;
    for (const socket of this) if (socket !== left) void socket.send(message);
    return SENT;
  }

  /**
   * Begins the closing handshake with each of them (RFC 6455 §7.1.2).
   *
   * @param code - 1000 to 1003, 1007 to 1014 or 3000 to 4999. @default 1000
   * @param reason - at most 123 bytes of UTF-8. @default ""
   * @throws {InvalidCloseError} if the code or the reason may not be sent
   */
  close(code = 1000, reason = ""): void {
    checkClose(code, reason);
    for (const socket of this) void socket.close(code, reason);
  }
}

/** @throws {InvalidCloseError} */
export function checkClose(code: number, reason: string): void {
  const problem = closeReasonProblem(code, reason);
  if (problem !== undefined) throw new InvalidCloseError(problem);
}

function isSendable(message: unknown): boolean {
  return typeof message === "string" || message instanceof Uint8Array || message instanceof ArrayBuffer;
}

/** Those members of another audience that fulfil a condition. */
export class FilteredAudience<Params, Request> extends Audience<Params, Request> {
  readonly #all: () => Iterable<Member<Params, Request>>;
  readonly #condition: (socket: Socket<Params, Request>) => boolean;

  constructor(
    all: () => Iterable<Member<Params, Request>>,
    condition: (socket: Socket<Params, Request>) => boolean,
  ) {
    super();
    this.#all = all;
    this.#condition = condition;
  }

  protected override *members(): Generator<Member<Params, Request>, undefined> {
    for (const member of this.#all()) if (this.#condition(member.socket)) yield member;
    return undefined;
  }
}
