/** A route as it was written, before it is added. */

import type { Handler } from "./handler.js";
import { checkRouteOptions } from "./option-checks.js";
import type { RouteOptions } from "./options.js";
import { isOptions } from "./route.js";

export interface PlannedRoute {
  readonly path: string;
  readonly handler: Handler<never, never>;
  readonly options: RouteOptions<never>;
}

/**
 * Reads the arguments of `route`.
 *
 * @param rest - a handler and options, or, for a decorator, options at most
 * @throws {InvalidOptionError}
 */
export function plannedRoute(
  path: string,
  rest: readonly unknown[],
): PlannedRoute | Omit<PlannedRoute, "handler"> {
  const [first = {}, second = {}] = rest as readonly (object | undefined)[];
  const isDecorator = rest.length === 0 || isOptions(rest[0]);
  checkRouteOptions(isDecorator ? first : second);
  if (isDecorator) return { path, options: first };
  return { path, handler: rest[0] as Handler<never, never>, options: second };
}
