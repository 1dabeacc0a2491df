/** Routes that are written in one place and mounted in another, as in a file of their own. */

import { InvalidRouteError, describe } from "../errors.js";
import type { BeforeHook } from "./before.js";
import { checkMatchOne, Endpoint, OWN_ENDPOINT, planEndpoint, type EndpointOptions } from "./endpoint.js";
import type { AnyFramework, Framework, ParamsIn } from "./framework.js";
import type { Handler } from "./handler.js";
import type { MessageDispatch } from "./message-dispatch.js";
import { MessageHandlers } from "./message-handlers.js";
import { routeDecorator, type RouteDecorator } from "./method-decorator.js";
import { checkKnown, checkRouteOptions } from "./option-checks.js";
import { mergeRouteOptions, type RouteOptions } from "./options.js";
import type { AnyParams } from "./path-params.js";
import { plannedRoute, type PlannedRoute } from "./planned-route.js";

/** Where a blueprint is mounted. */
export interface RegisterOptions {
  /** What comes before all paths of the blueprint, instead of its own `urlPrefix`. */
  readonly urlPrefix?: string;
  /** What comes before the names of its routes, instead of its own name: for the second mount of one. */
  readonly name?: string;
}

/** What can be set for a blueprint; what a route can have holds for all of its routes. */
export interface BlueprintOptions<Request = unknown>
  extends Omit<RouteOptions<Request>, "name">, EndpointOptions {
  /** What comes before all its paths. @default "" */
  readonly urlPrefix?: string;
}

interface Nested<Types extends Framework> {
  readonly blueprint: Blueprint<Types> | Blueprint;
  readonly options: RegisterOptions;
}

/**
 * Routes with a name, to be mounted by `sockets.register(blueprint, { urlPrefix })`, several times if wanted.
 *
 *     const chat = new Blueprint("chat", { urlPrefix: "/chat" });
 *     chat.route("/rooms/:id", async (ws) => { ... }, { name: "room" });   // sockets.urlFor("chat.room", { id: 7 })
 *
 * Its own `onMessage` and the like are for the endpoint `chat.websocket`, at the very path where it is mounted.
 */
export class Blueprint<Types extends Framework = AnyFramework> extends MessageHandlers<
  AnyParams,
  Types["request"]
> {
  /** What the names of its routes begin with. */
  readonly name: string;
  readonly #urlPrefix: string;
  readonly #options: RouteOptions<Types["request"]>;
  readonly #hooks: BeforeHook<Types["request"]>[] = [];
  readonly #routes: PlannedRoute[] = [];
  readonly #nested: Nested<Types>[] = [];
  readonly #matchOne: boolean | undefined;
  #dispatch: MessageDispatch | undefined;
  #isRegistered = false;

  /**
   * @throws {InvalidRouteError} if the name or the prefix is none
   * @throws {InvalidOptionError}
   */
  constructor(
    name: string,
    { urlPrefix = "", matchOne, ...options }: BlueprintOptions<Types["request"]> = {},
  ) {
    super();
    checkName(name);
    checkMatchOne({ matchOne });
    checkPrefix(urlPrefix);
    checkRouteOptions(options);
    this.name = name;
    this.#urlPrefix = urlPrefix;
    this.#options = options;
    this.#matchOne = matchOne;
  }

  /**
   * Adds a route.
   *
   * @param path - in the syntax of the framework; what the blueprint is mounted at comes before it
   * @param options - those of `sockets.route`. The name `room` becomes `chat.room` in the blueprint `chat`
   * @throws {InvalidRouteError} if the path is none, or the blueprint was registered already
   * @throws {InvalidOptionError}
   */
  route<Path extends string>(
    path: Path,
    handler: Handler<ParamsIn<Types, Path>, Types["request"]>,
    options?: Types["options"],
  ): this;
  /** Gives a decorator for a method: `@chat.route("/rooms/:id")`. */
  route<Path extends string>(
    path: Path,
    options?: Types["options"],
  ): RouteDecorator<ParamsIn<Types, Path>, Types["request"]>;
  route(path: string, ...rest: unknown[]): unknown {
    if (typeof path !== "string" || (path !== "" && !path.startsWith("/")))
      throw new InvalidRouteError(`expected a path that begins with /, but got ${describe(path)}`);
    const planned = plannedRoute(path, rest);
    if (!("handler" in planned)) return routeDecorator((handler) => this.#add({ ...planned, handler }));
    this.#add(planned);
    return this;
  }

  /**
   * Adds a path with message handlers of its own.
   *
   * @param path - in the syntax of the framework; what the blueprint is mounted at comes before it
   * @throws {InvalidRouteError} if the path is none, or the blueprint was registered already
   * @throws {InvalidOptionError}
   */
  endpoint<Path extends string>(
    path: Path,
    options: Types["options"] & EndpointOptions = {},
  ): Endpoint<ParamsIn<Types, Path>, Types["request"]> {
    const { dispatch, routeOptions } = planEndpoint(path, options, this.#matchOne);
    this.route(path, dispatch, routeOptions);
    return new Endpoint(dispatch);
  }

  protected override get messages(): MessageDispatch {
    if (this.#dispatch === undefined) {
      const options = { name: OWN_ENDPOINT };
      const { dispatch } = planEndpoint(`${this.name}.${OWN_ENDPOINT}`, {}, this.#matchOne);
      this.#add({ path: "", handler: dispatch, options });
      this.#dispatch = dispatch;
    }
    return this.#dispatch;
  }

  #add(route: PlannedRoute): void {
    this.#checkUnregistered();
    this.#routes.push(route);
  }

  /**
   * Adds a hook that runs before the upgrade of any of its routes, nested ones too.
   *
   * @throws {InvalidOptionError} if it is no function
   */
  before(hook: BeforeHook<Types["request"]>): this {
    this.#checkUnregistered();
    checkRouteOptions({ before: hook });
    this.#hooks.push(hook);
    return this;
  }

  /**
   * Mounts another blueprint in this one. Its names follow this one's: `chat.admin.kick`.
   *
   * @throws {InvalidRouteError} if another one has its name here, or it is this one
   */
  register(blueprint: Blueprint, options?: RegisterOptions): this;
  register(blueprint: Blueprint<Types>, options?: RegisterOptions): this;
  register(blueprint: Blueprint<Types> | Blueprint, options: RegisterOptions = {}): this {
    this.#checkUnregistered();
    checkRegister(blueprint, options);
    if ((blueprint as Blueprint).#contains(this))
      throw new InvalidRouteError(`expected another blueprint, but ${this.name} can't be part of itself`);
    this.#nested.push({ blueprint, options });
    return this;
  }

  #contains(other: unknown): boolean {
    return this === other || this.#nested.some(({ blueprint }) => (blueprint as Blueprint).#contains(other));
  }

  #checkUnregistered(): void {
    if (!this.#isRegistered) return;
    throw new InvalidRouteError(
      `expected all that belongs to the blueprint ${this.name} before it is registered; register it last`,
    );
  }

  /**
   * All its routes with those of nested ones, as they are when it is mounted.
   *
   * @param claimName - called with each blueprint's full name; whether its routes get their names
   * @internal
   */
  *plan(
    { urlPrefix = this.#urlPrefix, name = this.name }: RegisterOptions,
    claimName: (name: string, blueprint: unknown) => boolean,
  ): Generator<PlannedRoute, void> {
    this.#isRegistered = true;
    const isNamed = claimName(name, this);
    const common = mergeRouteOptions(this.#options, { before: this.#hooks });
    const placed = (route: PlannedRoute, routeName: string | undefined): PlannedRoute => {
      const { name: _, ...options } = mergeRouteOptions(common, route.options);
      const path = joinPaths(urlPrefix, route.path);
      return {
        path,
        handler: route.handler,
        options: routeName === undefined ? options : { ...options, name: routeName },
      };
    };
    for (const route of this.#routes) {
      const own = route.options.name;
      yield placed(route, own !== undefined && isNamed ? `${name}.${own}` : undefined);
    }
    for (const { blueprint, options } of this.#nested) {
      const inner = { ...options, name: `${name}.${options.name ?? blueprint.name}` };
      for (const route of blueprint.plan(inner, claimName)) yield placed(route, route.options.name);
    }
  }
}

/**
 * @throws {InvalidRouteError}
 * @throws {InvalidOptionError}
 */
export function checkRegister(blueprint: unknown, options: RegisterOptions): void {
  checkKnown(options, ["urlPrefix", "name"]);
  const { urlPrefix, name } = options;
  if (!(blueprint instanceof Blueprint))
    throw new InvalidRouteError(`expected a blueprint, but got ${describe(blueprint)}`);
  if (urlPrefix !== undefined) checkPrefix(urlPrefix);
  if (name !== undefined) checkName(name);
}

function checkName(name: unknown): void {
  if (typeof name === "string" && name !== "" && !name.includes(".")) return;
  throw new InvalidRouteError(`expected a name without dots for a blueprint, but got ${describe(name)}`);
}

function checkPrefix(prefix: unknown): void {
  if (typeof prefix === "string" && /^(?:\/.*)?$/.test(prefix)) return;
  throw new InvalidRouteError(`expected a urlPrefix that begins with /, but got ${describe(prefix)}`);
}

/** `/chat` and `/` make `/chat`, `/` and `/echo` make `/echo`. */
function joinPaths(prefix: string, path: string): string {
  const base = prefix.replace(/\/+$/, "");
  return path === "" || path === "/" ? base || "/" : base + path;
}
