/** How paths are compared where no framework has a rule of its own: on `node:http`, and on Koa for `sockets.route`. */

import { check } from "./option-checks.js";

/**
 * Paths are compared exactly, as URLs are (RFC 3986 §6.2.2): `/Echo` and `/echo/` are no `/echo`. What stands before a route,
 * such as middleware that asks whether a path begins with `/admin`, most often compares exactly too; a route that matches
 * more than it does is reached past it.
 */
export interface PathOptions {
  /** Whether `/Echo` and `/echo` are two paths. @default true */
  readonly caseSensitive?: boolean;
  /** Whether `/echo/` leads to the route `/echo`, too. @default false */
  readonly ignoreTrailingSlash?: boolean;
}

/** @throws {InvalidOptionError} */
export function pathOptions(options: PathOptions): Required<PathOptions> {
  for (const name of ["caseSensitive", "ignoreTrailingSlash"])
    check(options, name, "true or false", (value) => typeof value === "boolean");
  const { caseSensitive = true, ignoreTrailingSlash = false } = options;
  return { caseSensitive, ignoreTrailingSlash };
}

/** The options for everything else; what are no options at all are left for them to refuse. */
export function withoutPathOptions<Options extends PathOptions>(
  options: Options,
): Omit<Options, keyof PathOptions> {
  if (typeof options !== "object" || options === null) return options;
  const { caseSensitive: _, ignoreTrailingSlash: __, ...rest } = options;
  return rest;
}
