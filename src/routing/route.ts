/** A route: a path, what handles its sockets, and how; and the sockets that are open there. */

import { InvalidRouteError, describe } from "../errors.js";
import type { OverflowCounts } from "../connection/overflow.js";
import { SETTLED } from "../connection/promises.js";
import { Audience } from "../rooms/audience.js";
import type { Parcel } from "../rooms/parcel.js";
import type { Relay } from "../rooms/relay.js";
import { routeChannel } from "./channels.js";
import type { Handler } from "./handler.js";
import { NarrowedRoute } from "./narrowed-route.js";
import { routeSettings, type RouteOptions, type RouteSettings } from "./options.js";
import type { AnyParams } from "./path-params.js";
import type { PathPattern } from "./path-pattern.js";
import type { Session, SessionRoute } from "./session.js";

const HOOKS = ["open", "message", "drain", "close"] as const;

/** What `upgrade()` calls a route whose path only the framework's router knows. */
const UPGRADE = "upgrade()";

/** A route that has been registered. Sending to it sends to all of its sockets. */
export class Route<Params = AnyParams, Request = unknown>
  extends Audience<Params, Request>
  implements SessionRoute<Params, Request>
{
  /** Its name in logs and errors and for `urlFor`: its path, if it was given no other. */
  readonly name: string;
  /** @internal */
  readonly handler: Handler<never, never>;
  /** @internal */
  readonly settings: RouteSettings;
  /** @internal */
  readonly sessions: Set<Session<Params, Request>> = new Set();
  #path: string | undefined;
  #pattern: PathPattern | undefined;
  #relay: Relay | undefined;

  /**
   * Made by `route` and `upgrade` of `Sockets`.
   *
   * @throws {InvalidRouteError} if the handler is neither a function nor an object with hooks
   * @throws {InvalidOptionError}
   */
  constructor(
    path: string | undefined,
    handler: Handler<never, never>,
    options: RouteOptions<never>,
    appOptions: RouteOptions<never>,
  ) {
    super();
    this.name = options.name ?? path ?? UPGRADE;
    if (!isHandler(handler)) {
      throw new InvalidRouteError(
        `expected a function, or an object with one or more of the hooks ${HOOKS.join(", ")}, ` +
          `as the handler of ${this.name}, but got ${describe(handler)}`,
      );
    }
    this.handler = handler;
    this.settings = routeSettings(options, appOptions);
  }

  /** Its path in the framework's own syntax; `undefined` where only the framework's router knows it. */
  get path(): string | undefined {
    return this.#path;
  }

  /** @internal */
  get pattern(): PathPattern | undefined {
    return this.#pattern;
  }

  /** Tells the route where it is. @internal */
  locate(path: string, pattern: PathPattern | undefined): void {
    this.#path = path;
    this.#pattern = pattern;
  }

  /** Those sockets of the route whose variables of the path have these values: `rooms.to({ id: "7" }).send("hi")`. */
  to(params: Partial<Params>): Audience<Params, Request> {
    const { sessions: members, preparer } = this;
    const share = (parcel: Parcel): Promise<void> => this.share(parcel);
    const countElsewhere = (wanted: Parcel["params"]): Promise<number> => this.countElsewhere(wanted);
    return new NarrowedRoute({ members, preparer, share, countElsewhere }, params);
  }

  /** How often its clients were too slow, in this process; see the option `overflow`. */
  get overflowed(): OverflowCounts {
    return this.settings.overflow.counts;
  }

  protected override members(): Iterable<Session<Params, Request>> {
    return this.sessions;
  }

  /** Has it reach the sockets of the route with its name in other processes. @internal */
  connect(relay: Relay): void {
    this.#relay = relay;
    void relay.subscribe(routeChannel(this.name), this);
  }

  protected override share(parcel: Parcel): Promise<void> {
    return this.#relay?.publish(routeChannel(this.name), parcel) ?? SETTLED;
  }

  protected override countElsewhere(params?: Parcel["params"]): Promise<number> {
    return this.#relay?.countElsewhere(routeChannel(this.name), params) ?? super.countElsewhere();
  }

  /** @internal */
  override sizeFor({ params }: Parcel): number {
    return params === undefined ? this.size : this.to(params as Partial<Params>).size;
  }

  /** @internal */
  override receive({ params, ...parcel }: Parcel): void {
    if (params === undefined) super.receive(parcel);
    else this.to(params as Partial<Params>).receive(parcel);
  }
}

/** A route of which no more is known. */
export type AnyRoute = Route<unknown>;

/** Whether something given in the place of a handler is options instead. */
export function isOptions(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return HOOKS.every((name) => Reflect.get(value, name) === undefined);
}

/** Whether something is a function, or an object with hooks. */
function isHandler(handler: unknown): boolean {
  // A class is a function too, but cannot be called: it is an instance of it that is meant.
  if (typeof handler === "function") return !/^class\b/.test(Function.prototype.toString.call(handler));
  if (typeof handler !== "object" || handler === null) return false;
  const hooks = HOOKS.map((name): unknown => Reflect.get(handler, name)).filter((hook) => hook !== undefined);
  return hooks.length > 0 && hooks.every((hook) => typeof hook === "function");
}
