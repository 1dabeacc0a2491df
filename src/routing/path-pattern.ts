/** Matches the paths of routes that no framework matches for us. */

import { match, type MatchFunction, type ParamData } from "path-to-regexp";
import { InvalidRouteError, describe } from "../errors.js";

/** One for all connections of paths without variables. */
const NO_VARIABLES: ParamData = Object.freeze(Object.create(null) as ParamData);

export class PathPattern {
  readonly path: string;
  readonly #match: MatchFunction<ParamData>;

  /**
   * @param path - in the syntax of path-to-regexp 8, which is that of Express 5
   * @throws {InvalidRouteError} if it is not
   */
  constructor(path: string) {
    this.path = path;
    if (typeof path !== "string" || !path.startsWith("/"))
      throw new InvalidRouteError(`expected a path that begins with /, but got ${describe(path)}`);
    try {
      this.#match = match(path);
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new InvalidRouteError(`expected a path such as "/rooms/:id", but of "${path}": ${problem}`, {
        cause,
      });
    }
  }

  /**
   * @param path - the path of a request, still percent-encoded
   * @returns the variables, decoded; `undefined` if the path is another one
   */
  match(path: string): ParamData | undefined {
    const found = this.#match(path);
    if (found === false) return undefined;
    return Object.keys(found.params).length > 0 ? found.params : NO_VARIABLES;
  }
}
