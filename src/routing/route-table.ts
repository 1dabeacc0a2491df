/** The routes of an app: their names, and where they are. */

import { InvalidRouteError, InvalidUrlError, describe } from "../errors.js";
import type { ParamData } from "path-to-regexp";
import { Route, type AnyRoute } from "./route.js";

/** A route that a path leads to. */
export interface MatchedRoute {
  readonly route: AnyRoute;
  readonly params: ParamData;
}

export class RouteTable {
  readonly #routes: AnyRoute[] = [];
  readonly #names = new Map<string, AnyRoute>();
  readonly #paths = new Set<string>();

  /**
   * Adds a route.
   *
   * @param isNamed - whether its name is to be found; that of a route of `upgrade()` is only if it was given
   * @throws {InvalidRouteError} if the path or the name is taken
   */
  add(route: AnyRoute, isNamed: boolean): void {
    const { name, path } = route;
    if (path !== undefined && this.#paths.has(path))
      throw new InvalidRouteError(`expected one route for each path, but there is another one at ${path}`);
    if (isNamed && this.#names.has(name)) {
      throw new InvalidRouteError(
        `expected a name for each route, but ${describe(name)} is the name of another one; give one of them the option name`,
      );
    }
    if (path !== undefined) this.#paths.add(path);
    if (isNamed) this.#names.set(name, route);
    this.#routes.push(route);
  }

  [Symbol.iterator](): Iterator<AnyRoute> {
    return this.#routes.values();
  }

  /**
   * Which route a path leads to.
   *
   * @param path - the path of a request, still percent-encoded
   * @returns `"unsure"` if it may lead to one of which only the framework can tell
   */
  find(path: string): MatchedRoute | "unsure" | undefined {
    let isUnsure = false;
    for (const route of this.#routes) {
      const { pattern } = route;
      const params = pattern?.match(path);
      if (pattern === undefined || (params !== undefined && !pattern.isExact)) isUnsure = true;
      else if (params !== undefined) return { route, params };
    }
    return isUnsure ? "unsure" : undefined;
  }

  /**
   * The path of a route, filled in.
   *
   * @param target - a route or its name
   * @throws {InvalidUrlError} if there is no such route, or a variable is missing or unknown
   */
  pathFor(target: unknown, params: Readonly<Record<string, unknown>>): string {
    const route = target instanceof Route ? target : this.#names.get(String(target));
    if (route === undefined) {
      const names = [...this.#names.keys()].join(", ");
      throw new InvalidUrlError(`expected the name of a route (${names}), but got ${describe(target)}`);
    }
    const { name, path, pattern } = route as AnyRoute;
    if (pattern !== undefined) return pattern.fill(params, name);
    throw new InvalidUrlError(
      path === undefined
        ? `expected a route with a path, but that of ${name} is known only to the framework's router`
        : `expected a path such as "/rooms/:id", but of "${path}" no URL can be made`,
    );
  }
}
