/** Routes that are methods of a class: `@sockets.route("/echo")`. */

import type { Socket } from "../connection/socket.js";
import { InvalidRouteError, describe } from "../errors.js";
import type { LoopHandler } from "./handler.js";

/**
 * A decorator (ECMAScript's, not TypeScript's older ones) for a method that handles the sockets of a route. A static
 * method's route is added when its class is defined, any other's when an instance is made. A subclass may override it.
 */
export type RouteDecorator<Params, Request> = <This>(
  method: (this: This, ws: Socket<Params, Request>) => unknown,
  context: ClassMethodDecoratorContext<This>,
) => void;

/** @param add - adds the route with its handler */
export function routeDecorator<Params, Request>(
  add: (handler: LoopHandler<Params, Request>) => void,
): RouteDecorator<Params, Request> {
  return (_method, context) => {
    // The older decorators come with the name of the method instead.
    if (!isMethod(context)) {
      throw new InvalidRouteError(
        `expected a decorator of ECMAScript on a method, but got ${describe(context)}; ` +
          "don't set experimentalDecorators, or give the handler as an argument",
      );
    }
    let isAdded = false;
    context.addInitializer(function (this) {
      if (isAdded) {
        throw new InvalidRouteError(
          "expected one instance of a class with decorated routes, but this is another one: " +
            `${String(context.name)} has its route already; give its handler to route(path, handler) instead`,
        );
      }
      add((ws) => context.access.get(this).call(this, ws));
      isAdded = true;
    });
  };
}

function isMethod(context: unknown): boolean {
  return typeof context === "object" && context !== null && "kind" in context && context.kind === "method";
}
