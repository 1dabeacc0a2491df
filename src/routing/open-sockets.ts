/** The open sockets of an app: how many there may be, whose they are, and how they all end. */

import { sleep } from "../base/timers.js";
import type { HandshakeFacts } from "../connection/handshake-facts.js";
import { SafeLogger } from "../connection/safe-logger.js";
import { TracedTransport, type Trace } from "../connection/traced-transport.js";
import type { Transport } from "../connection/transport.js";
import { InvalidOptionError } from "../errors.js";
import { Audience, type Member } from "../rooms/audience.js";
import type { Broker } from "../rooms/broker.js";
import type { Parcel } from "../rooms/parcel.js";
import { Relay } from "../rooms/relay.js";
import { Rooms } from "../rooms/rooms.js";
import { ALL } from "./channels.js";
import { publishClosed, publishOpened } from "./diagnostics.js";
import { ConnectionLimits } from "./connection-limits.js";
import { tellOfGap } from "./faults.js";
import { Identities, identityName } from "./identities.js";
import type { Logger, SocketsSettings } from "./options.js";
import type { AnyRoute, Route } from "./route.js";
import { answerThrown } from "./thrown-answer.js";
import { GOING_DOWN, Session, type AnySession, type Farewell, type SessionOwner } from "./session.js";

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

/** An upgrade that was accepted. */
export interface AcceptedUpgrade<Params, Request, TheRoute = Route<Params, Request>> {
  readonly route: TheRoute;
  readonly transport: Transport;
  readonly facts: HandshakeFacts<Params, Request>;
  /** Whose socket it will be, if the app says so. */
  readonly identity: string | undefined;
  /** When the upgrade began, on the clock of `now`. */
  readonly began: number;
}

/** What whoever runs the app may decide. */
export interface OpenSocketsOverrides extends Partial<Pick<SocketsSettings, "debug" | "maxConnections">> {
  readonly logger?: Logger;
  /** Told what goes over each connection from now on. @default nobody */
  readonly trace?: Trace | undefined;
}

export class OpenSockets extends Audience implements SessionOwner {
  readonly limits: ConnectionLimits;
  readonly identities: Identities;
  readonly relay: Relay;
  readonly rooms: Rooms;
  /** What all are told in the end. Whoever runs the app may know better than that the server goes down. */
  farewell: Farewell = GOING_DOWN;
  readonly #routes: Iterable<AnyRoute>;
  readonly #gap = (): void => tellOfGap(this.#settings);
  #settings: SocketsSettings;
  #trace: Trace | undefined;
  #traceCount = 0;
  #count = 0;
  #isDraining = false;
  /** Calls of `drain` that wait for the last session. */
  readonly #waiting: (() => void)[] = [];

  /** @param routes - those whose sockets they are; more may be added later */
  constructor(settings: SocketsSettings, routes: Iterable<AnyRoute>) {
    super();
    this.#settings = settings;
    this.limits = new ConnectionLimits(settings);
    this.relay = new Relay({ broker: settings.broker, gap: this.#gap });
    this.rooms = new Rooms(this.relay);
    this.identities = new Identities(settings.handshakeTimeout, this.relay);
    this.identities.listen();
    void this.relay.subscribe(ALL, this);
    this.#routes = routes;
  }

  get settings(): SocketsSettings {
    return this.#settings;
  }

  /** Sets anew what whoever runs the app may decide. */
  override({ trace, logger, ...settings }: OpenSocketsOverrides): void {
    this.#settings = {
      ...this.#settings,
      ...settings,
      ...(logger !== undefined && { logger: new SafeLogger(logger) }),
    };
    this.#trace = trace;
    this.limits.override(settings);
  }

  /**
   * Goes over to another broker than the app has given, before there are sockets.
   *
   * @param scope - tells these apart from other open sockets that have the same broker but are not one audience
   */
  connect(broker: Broker, scope: string): void {
    this.#settings = { ...this.#settings, broker };
    this.relay.connect({ broker, gap: this.#gap, scope });
  }

  /** How many there are whose handler is not through or whose connection is not gone. */
  get sessionCount(): number {
    return this.#count;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  protected override *members(): Generator<AnySession, undefined> {
    for (const route of this.#routes) yield* route.sessions;
    return undefined;
  }

  protected override share(parcel: Parcel): Promise<void> {
    return this.relay.publish(ALL, parcel);
  }

  protected override countElsewhere(): Promise<number> {
    return this.relay.countElsewhere(ALL);
  }

  /** @throws {InvalidOptionError} if the option `identify` gives something else than a name */
  identify(request: unknown): string | undefined {
    const identity = this.settings.identify?.(request as never) ?? undefined;
    const name = identityName(identity);
    if (identity === undefined || name !== undefined) return name;
    throw new InvalidOptionError(
      "identify",
      "a function that returns a string or a number, or nothing",
      identity,
    );
  }

  /**
   * The open socket of the identity of a request, the latest if there are several; or the answer that `identify` throws.
   *
   * @throws {InvalidOptionError}
   */
  socketOrAnswer(request: unknown): Member["socket"] | Response | undefined {
    try {
      const identity = this.identify(request);
      return identity === undefined ? undefined : this.identities.latest(identity);
    } catch (thrown) {
      return answerThrown(thrown, "identify");
    }
  }

  /** Gives an accepted connection to the handler of its route. */
  open<Params, Request>({
    route,
    transport,
    facts,
    identity,
    began,
  }: AcceptedUpgrade<Params, Request>): void {
    const session = new Session(this, route, this.#traced(transport, route.name), facts, identity);
    this.#count++;
    route.sessions.add(session);
    if (identity !== undefined) this.identities.add(identity, session);
    publishOpened(session.socket, route.name, facts.target);
    const revocation = identity === undefined ? undefined : this.identities.revokedSince(identity, began);
    if (revocation !== undefined) session.refuse(revocation.code, revocation.reason);
    else if (this.#isDraining) session.refuse(this.farewell.code, this.farewell.reason);
    else session.start();
  }

  #traced(transport: Transport, route: string): Transport {
    const trace = this.#trace;
    if (trace === undefined) return transport;
    const name = `socket ${++this.#traceCount} of ${route}`;
    trace(`${name} is opened for ${transport.remoteAddress ?? "somebody"}`);
    return new TracedTransport(transport, (what) => trace(`${name} ${what}`));
  }

  released(session: AnySession): void {
    const { socket, route } = session;
    publishClosed(socket, route.name);
    this.limits.leave(session.socket.remoteAddress ?? "");
    if (session.identity !== undefined) this.identities.delete(session.identity, session);
  }

  finished(session: AnySession): void {
    this.#count--;
    session.route.sessions.delete(session);
    if (this.#count > 0) return;
    for (const finished of this.#waiting.splice(0)) finished();
  }

  /**
   * Ends them all: open ones get 1001 in batches, and handlers may finish within the grace period; then they are
   * dropped, and a warning names the routes that still hang. From now on there are no new ones.
   */
  async drain({ grace = DEFAULT_GRACE }: DrainOptions = {}): Promise<void> {
    if (typeof grace !== "number" || !(grace >= 0))
      throw new InvalidOptionError("grace", "a number, at least 0", grace);
    this.#isDraining = true;
    const late = new AbortController();
    const allFinished = new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    const graceOver = sleep(grace, { signal: late.signal }).catch(() => undefined);
    await Promise.race([this.#closeAll(grace), graceOver]);
    if (this.#count > 0) await Promise.race([allFinished, graceOver]);
    late.abort();
    this.#dropRest(grace);
    await this.relay.close();
  }

  async #closeAll(grace: number): Promise<void> {
    const open = [...this.members()];
    const pause = Math.min(BATCH_PAUSE, (grace / 2 / Math.ceil(open.length / BATCH)) | 0);
    for (let first = 0; first < open.length; first += BATCH) {
      if (first > 0) await sleep(pause * (0.5 + Math.random()));
      for (const session of open.slice(first, first + BATCH)) session.close(this.farewell);
    }
  }

  #dropRest(grace: number): void {
    const rest = [...this.members()];
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
