/** The sockets of an app: its routes, its options, and the connections that are open. */

import { setTimeout as sleep } from "node:timers/promises";
import type { HandshakeFacts } from "../connection/handshake-facts.js";
import { LONGEST_TIMEOUT } from "../connection/timer-wheel.js";
import type { Transport } from "../connection/transport.js";
import { InvalidOptionError } from "../errors.js";
import { ConnectionLimits } from "./connection-limits.js";
import type { Handler } from "./handler.js";
import { socketsSettings, type RouteOptions, type SocketsOptions, type SocketsSettings } from "./options.js";
import { Route } from "./route.js";
import { Session, type AnySession, type SessionOwner } from "./session.js";

/** How `close` goes about it. */
export interface DrainOptions {
  /** How long handlers may take to finish, in milliseconds. @default 10000 */
  readonly grace?: number;
}

/** In milliseconds. */
export const DEFAULT_GRACE = 10_000;

/** So many sockets are told to go at a time, and so long, at random, is waited in between: clients come back. */
const BATCH = 200;
const BATCH_PAUSE = 20;

/** What every framework's `Sockets` has in common, whatever it runs on. */
export abstract class SocketsCore<Request> implements SessionOwner {
  /** @internal */
  readonly settings: SocketsSettings;
  /** @internal */
  readonly limits: ConnectionLimits;
  readonly #options: SocketsOptions;
  readonly #sessions = new Set<AnySession>();
  #isDraining = false;
  /** Calls of `close` that wait for the last session. */
  readonly #waiting: (() => void)[] = [];

  constructor(options: SocketsOptions) {
    this.settings = socketsSettings(options);
    this.limits = new ConnectionLimits(this.settings);
    this.#options = options;
    this.createRoute("the options", () => undefined, {}); // so that a wrong one is told now
  }

  /** How many sockets are open, here in this process. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Whether `close` was called: no new sockets are accepted. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** @internal */
  protected createRoute<Params>(
    path: string,
    handler: Handler<Params, Request>,
    options: RouteOptions,
  ): Route<Params, Request> {
    return new Route(path, handler, options, this.#options);
  }

  /**
   * Gives an accepted connection to the handler of its route.
   *
   * @internal
   */
  open<Params>(
    route: Route<Params, Request>,
    transport: Transport,
    facts: HandshakeFacts<Params, Request>,
  ): void {
    const session = new Session(this, route, transport, facts);
    this.#sessions.add(session as unknown as AnySession);
    session.start();
    if (this.#isDraining) session.close();
  }

  /** @internal */
  released(address = ""): void {
    this.limits.leave(address);
  }

  /** @internal */
  finished(session: AnySession): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0) return;
    for (const finished of this.#waiting.splice(0)) finished();
  }

  /**
   * Ends all sockets: new ones are refused with 503, open ones get 1001 in batches, and handlers may finish within
   * the grace period; then they are dropped, and a warning names the routes that still hang.
   */
  async close({ grace = DEFAULT_GRACE }: DrainOptions = {}): Promise<void> {
    if (typeof grace !== "number" || !(grace >= 0))
      throw new InvalidOptionError("grace", "a number, at least 0", grace);
    this.#isDraining = true;
    const late = new AbortController();
    const allFinished = new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    const graceOver = sleep(Math.min(grace, LONGEST_TIMEOUT), undefined, { signal: late.signal }).catch(
      () => undefined,
    );
    await Promise.race([this.#closeAll(grace), graceOver]);
    if (this.#sessions.size > 0) await Promise.race([allFinished, graceOver]);
    late.abort();
    this.#dropRest(grace);
  }

  async #closeAll(grace: number): Promise<void> {
    const open = [...this.#sessions];
    const pause = Math.min(BATCH_PAUSE, (grace / 2 / Math.ceil(open.length / BATCH)) | 0);
    for (let first = 0; first < open.length; first += BATCH) {
      if (first > 0) await sleep(pause * (0.5 + Math.random()));
      for (const session of open.slice(first, first + BATCH)) session.close();
    }
  }

  #dropRest(grace: number): void {
    const rest = [...this.#sessions];
    for (const session of rest) session.terminate();
    const hanging = new Set(
      rest.filter((session) => session.isHandling).map((session) => session.route.name),
    );
    if (hanging.size === 0) return;
    this.settings.logger.warn(
      `jackfield: after ${grace} ms, handlers of ${[...hanging].join(", ")} still run; let them end when ws.signal aborts`,
    );
  }
}
