/**
 * One socket under supervision: runs the handler, ends the connection when the handler does, and keeps every fault of
 * the application where it belongs.
 */

import type { Connection } from "../connection/connection.js";
import type { ConnectionObserver } from "../connection/connection-observer.js";
import type { Consumer } from "../connection/consumer.js";
import type { HandshakeFacts } from "../connection/handshake-facts.js";
import { makeSocket } from "../connection/made-socket.js";
import type { Memberships } from "../connection/memberships.js";
import { isPromise } from "../connection/promises.js";
import type { OverflowPolicy } from "../connection/overflow.js";
import type { PreparedMessage } from "../connection/prepared-message.js";
import type { Socket } from "../connection/socket.js";
import type { Message, Transport } from "../connection/transport.js";
import { CloseCode } from "../protocol/close-code.js";
import { ConnectionClosedError, InvalidRoomError } from "../errors.js";
import type { Member } from "../rooms/audience.js";
import type { Rooms } from "../rooms/rooms.js";
import { logFault, reasonOf, tellOfFault } from "./faults.js";
import type { Handler, Hooks, LoopHandler } from "./handler.js";
import type { RouteSettings, SocketsSettings } from "./options.js";
import { inScopeOf, socketScope } from "./socket-scope.js";

/** What sockets are told when the server goes down. */
export interface Farewell {
  readonly code: CloseCode;
  readonly reason: string;
}

/** What they are told when it is not said whether it comes back. */
export const GOING_DOWN: Farewell = { code: CloseCode.goingAway, reason: "the server goes down" };

/** What keeps the sessions. */
export interface SessionOwner {
  readonly settings: SocketsSettings;
  readonly rooms: Rooms;
  /** The connection is gone, perhaps before its handler is through. */
  released(session: AnySession): void;
  /** The handler is through and the connection is gone. */
  finished(session: AnySession): void;
}

/** What a session needs of its route. */
export interface SessionRoute<Params, Request> {
  readonly name: string;
  /** Called with the sockets of this route only. */
  readonly handler: Handler<never, never>;
  readonly settings: RouteSettings;
  /** Those whose handler is not through or whose connection is not gone. */
  readonly sessions: Set<Session<Params, Request>>;
}

/** A session of whatever route. */
export type AnySession = Session<unknown, unknown>;

const NO_ROOMS: ReadonlySet<string> = new Set();

export class Session<Params, Request>
  implements ConnectionObserver, Consumer, Member<Params, Request>, Memberships
{
  readonly socket: Socket<Params, Request>;
  readonly route: SessionRoute<Params, Request>;
  /** Whose socket it is, if the app says so. */
  readonly identity: string | undefined;
  readonly #connection: Connection;
  readonly #owner: SessionOwner;
  #rooms: Set<string> | undefined;
  #isHandling = true;
  #isConnected = true;
  #hasFailed = false;
  /** Errors that were logged when they happened, and need not be again if they leave the handler. */
  #logged: WeakSet<Error> | undefined;

  constructor(
    owner: SessionOwner,
    route: SessionRoute<Params, Request>,
    transport: Transport,
    facts: HandshakeFacts<Params, Request>,
    identity: string | undefined,
  ) {
    this.route = route;
    this.identity = identity;
    this.#owner = owner;
    const { settings } = route;
    const made = makeSocket({ transport, facts, settings, observer: this, memberships: this });
    this.#connection = made.connection;
    this.socket = made.socket;
  }

  /** Whether the handler is still running. */
  get isHandling(): boolean {
    return this.#isHandling;
  }

  /** Runs the handler. What comes before it asks waits for it. */
  start(): void {
    const handler = this.route.handler as Handler<Params, Request>;
    if (typeof handler === "function") this.#run(handler);
    else this.#open(handler);
    this.#connection.start();
  }

  /** Ends the connection before its handler has run. */
  refuse(code: number, reason: string): void {
    this.#isHandling = false;
    this.#connection.start();
    this.#connection.dismiss(code, reason);
  }

  /** Ends the session because the server goes down. */
  close({ code, reason }: Farewell): void {
    this.#connection.close(code, reason, "application");
  }

  deliver(message: PreparedMessage, policy: OverflowPolicy | undefined, key: string | undefined): void {
    if (this.#connection.isOpen) void this.#connection.send(message, policy, key);
  }

  get rooms(): ReadonlySet<string> {
    return this.#rooms ?? NO_ROOMS;
  }

  join(room: string): Promise<void> {
    if (!this.#connection.isOpen) return this.#connection.refuseAsClosed();
    const { maxRooms } = this.route.settings;
    if (!this.rooms.has(room) && this.rooms.size >= maxRooms) {
      const problem = `expected at most ${maxRooms} rooms for a socket of ${this.route.name}, but this is one more; see maxRooms`;
      return this.#connection.refuseAsMisuse(new InvalidRoomError(problem));
    }
    try {
      const joined = this.#owner.rooms.join(room, this);
      this.#rooms ??= new Set();
      this.#rooms.add(room);
      return joined;
    } catch (error) {
      return this.#connection.refuseAsMisuse(error as Error);
    }
  }

  leave(room: string): void {
    this.#owner.rooms.leave(room, this);
    if (this.#isConnected) this.#rooms?.delete(room);
  }

  dismiss(code: number, reason: string): void {
    this.#connection.dismiss(code, reason);
  }

  terminate(): void {
    this.#connection.terminate("application", "the server went down");
  }

  #run(handler: LoopHandler<Params, Request>): void {
    // Not through #attempt, whose closures would live as long as the connection.
    try {
      const outcome = inScopeOf(this.socket, handler);
      if (isPromise(outcome)) this.#awaitReturn(outcome);
      else this.#returned();
    } catch (error) {
      this.#fail(error);
      this.#returned();
    }
  }

  #awaitReturn(outcome: PromiseLike<unknown>): void {
    outcome.then(
      () => this.#returned(),
      (error: unknown) => {
        this.#fail(error);
        this.#returned();
      },
    );
  }

  #returned(): void {
    if (!this.#hasFailed) this.#connection.close(CloseCode.normal, "", "application");
    this.#handled();
  }

  #open(hooks: Hooks<Params, Request>): void {
    void this.#attempt(
      () => hooks.open?.(this.socket),
      () => this.#connection.incoming.consume(this),
    );
  }

  consume(message: Message | undefined): Promise<void> | undefined {
    const hooks = this.route.handler as Hooks<Params, Request>;
    if (message === undefined) return this.#inOwnContext(() => this.#consumeEnd(hooks));
    if (this.#hasFailed || hooks.message === undefined) return undefined;
    // Not through #attempt, which would cost two closures per message.
    try {
      const outcome =
        socketScope === undefined
          ? hooks.message(this.socket, message)
          : socketScope(this.socket, callMessageHook, hooks, this.socket, message);
      return isPromise(outcome) ? this.#settled(outcome, nothing) : undefined;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #consumeEnd(hooks: Hooks<Params, Request>): Promise<void> | undefined {
    const info = this.#connection.closeInfo;
    return this.#attempt(
      () => info && hooks.close?.(this.socket, info),
      () => this.#handled(),
    );
  }

  drained(): void {
    const handler = this.route.handler as Handler<Params, Request>;
    if (typeof handler !== "function")
      void this.#inOwnContext(() => this.#attempt(() => handler.drain?.(this.socket), nothing));
  }

  /** In the context of the upgrade, also where a timer or another socket is the cause. */
  #inOwnContext<Result>(code: () => Result): Result {
    return this.#connection.transport.runInAsyncScope(code);
  }

  /**
   * Runs code of the application and then, even if it failed, what comes next.
   *
   * @returns a promise that never rejects, if the code gave one
   */
  #attempt(code: () => unknown, next: () => void): Promise<void> | undefined {
    try {
      const outcome = inScopeOf(this.socket, code);
      if (isPromise(outcome)) return this.#settled(outcome, next);
    } catch (error) {
      this.#fail(error);
    }
    next();
    return undefined;
  }

  #settled(outcome: PromiseLike<unknown>, next: () => void): Promise<void> {
    return Promise.resolve(outcome).then(next, (error: unknown) => {
      this.#fail(error);
      next();
    });
  }

  #fail(error: unknown): void {
    // A normal end; but that of another socket's connection is a fault like any other.
    if (error instanceof ConnectionClosedError && !this.#connection.isOpen) return;
    this.#hasFailed = true;
    const { settings } = this.#owner;
    this.#log(error);
    tellOfFault(settings, { socket: this.socket, route: this.route.name }, error);
    this.#connection.close(CloseCode.internalError, settings.debug ? reasonOf(error) : "", "application");
  }

  #log(error: unknown): void {
    if (error instanceof Error) {
      this.#logged ??= new WeakSet();
      if (this.#logged.has(error)) return;
      this.#logged.add(error);
    }
    logFault(this.#owner.settings, { socket: this.socket, route: this.route.name }, error);
  }

  misused(error: Error): void {
    this.#inOwnContext(() => this.#log(error));
  }

  released(): void {
    this.#isConnected = false;
    for (const room of this.rooms) this.#owner.rooms.leave(room, this);
    this.#owner.released(this);
    this.#finish();
  }

  #handled(): void {
    this.#isHandling = false;
    this.#finish();
  }

  #finish(): void {
    if (!this.#isHandling && !this.#isConnected) this.#owner.finished(this);
  }
}

function callMessageHook<Params, Request>(
  hooks: Hooks<Params, Request>,
  socket: Socket<Params, Request>,
  message: Message,
): unknown {
  return hooks.message?.(socket, message);
}

function nothing(): void {}
