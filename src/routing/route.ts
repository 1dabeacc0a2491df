/** A route: a path, what handles its sockets, and how. */

import type { Handler } from "./handler.js";
import { InvalidRouteError, describe } from "../errors.js";
import { routeSettings, type RouteOptions, type RouteSettings } from "./options.js";

const HOOKS = ["open", "message", "drain", "close"] as const;

/** A route that has been registered. */
export class Route<Params, Request> {
  /** Its name in logs and errors. */
  readonly name: string;
  readonly handler: Handler<Params, Request>;
  readonly settings: RouteSettings;

  /**
   * @throws {InvalidRouteError} if the handler is neither a function nor an object with hooks
   * @throws {InvalidOptionError}
   */
  constructor(
    path: string,
    handler: Handler<Params, Request>,
    options: RouteOptions,
    appOptions: RouteOptions,
  ) {
    if (!isHandler(handler)) {
      throw new InvalidRouteError(
        `expected a function, or an object with one or more of the hooks ${HOOKS.join(", ")}, ` +
          `as the handler of ${path}, but got ${describe(handler)}`,
      );
    }
    this.name = options.name ?? path;
    this.handler = handler;
    this.settings = routeSettings(options, appOptions);
  }
}

function isHandler(handler: unknown): boolean {
  // A class is a function too, but cannot be called: it is an instance of it that is meant.
  if (typeof handler === "function") return !/^class\b/.test(Function.prototype.toString.call(handler));
  if (typeof handler !== "object" || handler === null) return false;
  const hooks = HOOKS.map((name): unknown => Reflect.get(handler, name)).filter((hook) => hook !== undefined);
  return hooks.length > 0 && hooks.every((hook) => typeof hook === "function");
}
