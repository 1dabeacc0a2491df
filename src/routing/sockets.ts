/** What the `Sockets` of all frameworks have in common, whatever they run on: routes, blueprints, names, audiences. */

import type { Sendable } from "../connection/prepared-message.js";
import type { Socket } from "../connection/socket.js";
import { InvalidOptionError, InvalidRouteError } from "../errors.js";
import type { AudienceSendOptions } from "../rooms/audience.js";
import type { Room } from "../rooms/room.js";
import type { RoomOptions } from "../rooms/rooms.js";
import { OWN_ENDPOINT, planEndpoint, RoutedEndpoint, type EndpointOptions } from "./endpoint.js";
import { checkRegister, type Blueprint, type RegisterOptions } from "./blueprint.js";
import type { Framework, ParamsIn } from "./framework.js";
import type { Handler } from "./handler.js";
import type { Identity, IdentityAudience } from "./identities.js";
import type { MessageDispatch } from "./message-dispatch.js";
import { MessageHandlers } from "./message-handlers.js";
import { routeDecorator, type RouteDecorator } from "./method-decorator.js";
import { OpenSockets, type DrainOptions } from "./open-sockets.js";
import { routeSettings, socketsSettings, type RouteOptions, type SocketsOptions } from "./options.js";
import type { AnyParams } from "./path-params.js";
import { PathPattern } from "./path-pattern.js";
import { RouteTable } from "./route-table.js";
import { plannedRoute, type PlannedRoute } from "./planned-route.js";
import { Route, type AnyRoute } from "./route.js";
import { placeUrl, type RequestAddress, type UrlFor, type UrlOptions } from "./url.js";

/** A route for the framework to have in its router. */
interface Mounting {
  readonly path: string;
  readonly route: AnyRoute;
  /** What the route was given in the framework's own terms. */
  readonly native: object;
}

/** Its own `onMessage` and the like are for the endpoint `websocket`, at `/` or at the option `endpoint`. */
export abstract class SocketsCore<Types extends Framework> extends MessageHandlers<
  AnyParams,
  Types["request"]
> {
  /** @internal */
  readonly openSockets: OpenSockets;
  /** @internal */
  readonly routes: RouteTable;
  readonly #options: SocketsOptions<Types["request"]>;
  readonly #blueprints: Map<string, unknown>;
  #endpoint: MessageDispatch | undefined;
  /** Added before there was a framework to mount them in; `undefined` once there is. */
  #early: Mounting[] | undefined = [];

  /** @param sharing - whose sockets, routes and options these are too, in another place of the framework's router */
  constructor(options: SocketsOptions<Types["request"]>, sharing?: SocketsCore<Types>) {
    super();
    const settings = socketsSettings(options);
    routeSettings({}, options); // so that a wrong one is told now
    this.#options = sharing === undefined ? options : sharing.#options;
    this.#blueprints = sharing === undefined ? new Map<string, unknown>() : sharing.#blueprints;
    this.routes = sharing?.routes ?? new RouteTable();
    this.openSockets = sharing?.openSockets ?? new OpenSockets(settings, this.routes);
  }

  /** How many sockets are open, here in this process. */
  get size(): number {
    return this.openSockets.sessionCount;
  }

  /**
   * How many sockets are open in all processes that have the same broker. See {@link Audience.count}.
   *
   * @throws {BrokerError} by rejecting, if the broker is out of reach
   */
  count(): Promise<number> {
    return this.openSockets.count();
  }

  /** Whether `close` was called: no new sockets are accepted. */
  get isDraining(): boolean {
    return this.openSockets.isDraining;
  }

  /**
   * Adds a route, behind what the app has so far.
   *
   * @param path - in the syntax of the framework
   * @param handler - a loop over messages, or hooks
   * @returns the route, to send to its sockets and to build its URLs
   * @throws {InvalidRouteError} if the path or the handler is none, or the path or the name is taken
   * @throws {InvalidOptionError}
   */
  route<Path extends string>(
    path: Path,
    handler: Handler<ParamsIn<Types, Path>, Types["request"]>,
    options?: Types["options"],
  ): Route<ParamsIn<Types, Path>, Types["request"]>;
  /**
   * Gives a decorator for a method: `@sockets.route("/echo")`.
   *
   * @throws {InvalidOptionError}
   */
  route<Path extends string>(
    path: Path,
    options?: Types["options"],
  ): RouteDecorator<ParamsIn<Types, Path>, Types["request"]>;
  route(path: string, ...rest: unknown[]): unknown {
    const planned = plannedRoute(path, rest);
    if ("handler" in planned) return this.#add([planned])[0];
    this.createRoute(path, () => undefined, planned.options); // so that a wrong option is told now
    return routeDecorator((handler) => void this.#add([{ ...planned, handler }]));
  }

  /**
   * Adds a path with message handlers of its own: `sockets.endpoint("/game").onMessage((message) => ...)`.
   *
   * @param path - in the syntax of the framework
   * @throws {InvalidRouteError} if the path is none, or the path or the name is taken
   * @throws {InvalidOptionError}
   */
  endpoint<Path extends string>(
    path: Path,
    options: Types["options"] & EndpointOptions = {},
  ): RoutedEndpoint<ParamsIn<Types, Path>, Types["request"]> {
    const { dispatch, routeOptions } = planEndpoint(path, options, this.#options.matchOne);
    return new RoutedEndpoint(dispatch, this.route(path, dispatch, routeOptions));
  }

  /** Added with the first of its handlers. If a part of the app, such as a plugin, has one too, the first has the name. */
  protected override get messages(): MessageDispatch {
    if (this.#endpoint === undefined) {
      const { endpoint: path = "/", matchOne } = this.#options;
      const options = this.routes.has(OWN_ENDPOINT) ? {} : { name: OWN_ENDPOINT };
      const { dispatch } = planEndpoint(path, options, matchOne);
      this.route(path, dispatch, options);
      this.#endpoint = dispatch;
    }
    return this.#endpoint;
  }

  /** Adds routes. What is wrong with one of them is told before any of them is there. */
  #add(plan: readonly PlannedRoute[]): readonly AnyRoute[] {
    const mountings = plan.map((planned) => this.#mountingOf(planned));
    const routes = mountings.map(({ route }) => route);
    this.routes.add(routes, true);
    for (const route of routes) route.connect(this.openSockets.relay);
    if (this.#early !== undefined) this.#early.push(...mountings);
    else for (const { path, route, native } of mountings) this.mount(path, route, native);
    return routes;
  }

  #mountingOf({ path, handler, options }: PlannedRoute): Mounting {
    const full = this.fullPath(path);
    const pattern = this.patternOf(full);
    const { route, native } = this.createRoute(full, handler, options);
    route.locate(full, pattern);
    return { path, route, native };
  }

  /**
   * Mounts a blueprint.
   *
   * @throws {InvalidRouteError} if another one has its name, or one of its paths is taken
   */
  register(blueprint: Blueprint, options?: RegisterOptions): this;
  register(blueprint: Blueprint<Types>, options?: RegisterOptions): this;
  register(blueprint: Blueprint<Types> | Blueprint, options: RegisterOptions = {}): this {
    checkRegister(blueprint, options);
    const claimed = new Map<string, unknown>();
    /** A blueprint that is mounted a second time gets no names: its routes have theirs already. */
    const claim = (name: string, part: unknown): boolean => {
      const former = claimed.get(name) ?? this.#blueprints.get(name);
      if (former !== undefined && former !== part) {
        throw new InvalidRouteError(
          `expected one blueprint for each name, but there are two of the name ${name}; ` +
            "register one of them with the option name",
        );
      }
      claimed.set(name, part);
      return former === undefined;
    };
    this.#add([...blueprint.plan(options, claim)]);
    for (const [name, part] of claimed) this.#blueprints.set(name, part);
    return this;
  }

  /**
   * The URL of a route: `sockets.urlFor("chat.room", { id: 7 })` is a path; with `{ request }` or `{ base }` it is a
   * whole `ws://` or `wss://` URL.
   *
   * @throws {InvalidUrlError} if there is no such route, or a variable is missing or unknown
   */
  readonly urlFor: UrlFor<Types["request"]> = (
    target: unknown,
    params: Readonly<Record<string, unknown>> = {},
    options: UrlOptions<Types["request"]> = {},
  ): string => placeUrl(this.routes.pathFor(target, params), options, (request) => this.addressOf(request));

  /**
   * All open sockets of one session or user, whose name the option `identify` gave.
   *
   * @throws {InvalidOptionError} if it is neither a string nor a number
   */
  of(identity: Identity): IdentityAudience {
    return this.openSockets.identities.of(identity);
  }

  /**
   * The sockets that have joined a room: `sockets.room("lobby").send("hi")`.
   *
   * @param options - hold for the room of that name, whoever speaks to it
   * @throws {InvalidRoomError} if the name is none
   * @throws {InvalidOptionError}
   */
  room(name: string, options?: RoomOptions): Room {
    return this.openSockets.rooms.room(name, options);
  }

  /**
   * Sends a message to all open sockets. See {@link Audience.send}.
   *
   * @throws {InvalidMessageError} if it is neither text nor bytes
   */
  broadcast(message: Sendable, options: AudienceSendOptions = {}): Promise<void> {
    return this.openSockets.send(message, options);
  }

  /**
   * Ends all sockets: new ones are refused with 503, open ones get 1001 in batches, and handlers may finish within
   * the grace period; then they are dropped, and a warning names the routes that still hang.
   */
  async close(options: DrainOptions = {}): Promise<void> {
    await this.openSockets.drain(options);
  }

  /**
   * For `context` of each framework: tells which open socket a request's identity has; or gives the answer that `identify`
   * has thrown.
   *
   * @throws {InvalidOptionError} without the option `identify`
   * @internal
   */
  protected socketFinder(): (request: Types["request"]) => Socket<unknown> | Response | undefined {
    const { openSockets } = this;
    if (openSockets.settings.identify !== undefined) return (request) => openSockets.socketOrAnswer(request);
    const expected = "a function, as sockets.context() asks it whose a request is";
    throw new InvalidOptionError("identify", expected, undefined);
  }

  /** The names of options that routes take in the framework's own terms. @internal */
  protected get nativeOptions(): readonly string[] {
    return [];
  }

  /** Makes a route that isn't mounted yet. @internal */
  protected createRoute<Params>(
    path: string | undefined,
    handler: Handler<never, never>,
    options: RouteOptions<never>,
  ): { readonly route: Route<Params, Types["request"]>; readonly native: object } {
    const entries = Object.entries(options);
    const isNative = ([name]: [string, unknown]): boolean => this.nativeOptions.includes(name);
    const own = Object.fromEntries(entries.filter((entry) => !isNative(entry)));
    const native = Object.fromEntries(entries.filter(isNative));
    return { route: new Route(path, handler, own, this.#options), native };
  }

  /** Makes a route whose path only the framework's router knows. @internal */
  protected createNativeRoute<Params>(
    handler: Handler<Params, Types["request"]>,
    options: RouteOptions<Types["request"]>,
  ): Route<Params, Types["request"]> {
    const { route } = this.createRoute<Params>(undefined, handler, options);
    const isNamed = options.name !== undefined;
    this.routes.add([route], isNamed);
    if (isNamed) route.connect(this.openSockets.relay);
    return route;
  }

  /** Mounts what was added so far, now that there is a framework. @internal */
  protected mountEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const { path, route, native } of early) this.mount(path, route, native);
  }

  /** A path with what comes before it where the route is mounted. @internal */
  protected fullPath(path: string): string {
    return path;
  }

  /**
   * The pattern of a path, or one that matches more; `undefined` if only the framework can tell what it matches.
   *
   * @throws {InvalidRouteError} if it is no path
   * @internal
   */
  protected patternOf(path: string): PathPattern | undefined {
    return new PathPattern(path);
  }

  /** Puts a route into the framework's router. @internal */
  protected abstract mount(path: string, route: AnyRoute, native: object): void;

  /** Whom a request was sent to, as the framework tells. @internal */
  protected abstract addressOf(request: Types["request"]): RequestAddress;
}
