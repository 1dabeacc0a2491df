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
   * Adds routes: all of them or, if one can't be, none.
   *
   * @param areNamed - whether their names are to be found; that of a route of `upgrade()` is only if it was given
   * @throws {InvalidRouteError} if a path or a name is taken
   */
  add(routes: readonly AnyRoute[], areNamed: boolean): void {
    const paths = new Set<string>();
    const names = new Map<string, AnyRoute>();
    for (const route of routes) {
      const { name, path } = route;
      if (path !== undefined && (this.#paths.has(path) || paths.has(path)))
        throw new InvalidRouteError(`expected one route for each path, but there is another one at ${path}`);
      if (areNamed && (this.#names.has(name) || names.has(name))) {
        throw new InvalidRouteError(
          `expected a name for each route, but ${describe(name)} is the name of another one; give one of them the option name`,
        );
      }
      if (path !== undefined) paths.add(path);
      if (areNamed) names.set(name, route);
    }
    for (const path of paths) this.#paths.add(path);
    for (const [name, route] of names) this.#names.set(name, route);
    this.#routes.push(...routes);
  }

  /** Whether a route has this name. */
  has(name: string): boolean {
    return this.#names.has(name);
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
    const route = target instanceof Route ? target : this.#names.get(target as string);
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
