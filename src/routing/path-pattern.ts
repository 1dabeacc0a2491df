/** Matches the paths of routes that no framework matches for us, and fills in their variables. */

import { compile, match, parse, type MatchFunction, type ParamData, type Token } from "path-to-regexp";
import { InvalidRouteError, InvalidUrlError, describe } from "../errors.js";

/** One for all connections of paths without variables. */
const NO_VARIABLES: ParamData = Object.freeze(Object.create(null) as ParamData);

export class PathPattern {
  readonly path: string;
  /** Whether all that matches is meant: a framework's pattern that says more than this syntax can, is matched loosely. */
  readonly isExact: boolean;
  readonly #match: MatchFunction<ParamData>;

  /**
   * @param path - in the syntax of path-to-regexp 8, which is that of Express 5
   * @throws {InvalidRouteError} if it is not
   */
  constructor(path: string, { isExact = true }: { readonly isExact?: boolean } = {}) {
    this.path = path;
    this.isExact = isExact;
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

  /**
   * The path with its variables filled in.
   *
   * @param name - of the route, for the error
   * @throws {InvalidUrlError} if one is missing or unknown
   */
  fill(params: Readonly<Record<string, unknown>>, name: string): string {
    const known = namesIn(parse(this.path).tokens);
    const given = Object.entries(params).filter(([, value]) => value !== undefined);
    const texts = Object.fromEntries(given.map(([key, value]) => [key, asText(value)]));
    try {
      if (given.every(([key]) => known.includes(key))) return compile(this.path)(texts as ParamData);
    } catch {
      // One is missing, or is no text; told below.
    }
    const expected = known.length > 0 ? `the variables ${known.join(", ")}` : "no variables";
    const got = given.map(([key, value]) => `${key}: ${describe(value)}`).join(", ");
    throw new InvalidUrlError(`expected ${expected} for the URL of ${name}, but got ${got || "none"}`);
  }
}

/** Numbers are written out; anything else that is no text is left for the compiler to refuse. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  return typeof value === "number" ? String(value) : value;
}

function namesIn(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) => {
    if (token.type === "group") return namesIn(token.tokens);
    return token.type === "text" ? [] : [token.name];
  });
}
