/** A route: a path, what handles its sockets, and how. */

import type { Handler } from "./handler.js";
import { InvalidRouteError, describe } from "../errors.js";
import { routeSettings, type RouteOptions, type RouteSettings } from "./options.js";

/** A route that has been registered. */
export class Route<Params, Request> {
  /** Its name in logs and errors. */
  readonly name: string;
  readonly handler: Handler<Params, Request>;
  readonly settings: RouteSettings;

  /**
   * @throws {InvalidRouteError} if the handler is neither a function nor an object
   * @throws {InvalidOptionError}
   */
  constructor(
    path: string,
    handler: Handler<Params, Request>,
    options: RouteOptions,
    appOptions: RouteOptions,
  ) {
    if (typeof handler !== "function" && (typeof handler !== "object" || handler === null)) {
      throw new InvalidRouteError(
        `expected a function or an object with hooks as the handler of ${path}, but got ${describe(handler)}`,
      );
    }
    this.name = options.name ?? path;
    this.handler = handler;
    this.settings = routeSettings(options, appOptions);
  }
}
