/** Matches the paths of routes that no framework matches for us, and fills in their variables. */

import { isDeepStrictEqual } from "node:util";
import { compile, match, parse, type MatchFunction, type ParamData, type Token } from "path-to-regexp";
import { InvalidRouteError, InvalidUrlError, describe } from "../errors.js";
import { requestPath } from "../protocol/request-path.js";
import type { PathOptions } from "./path-options.js";

/** One for all connections of paths without variables. */
const NO_VARIABLES: ParamData = Object.freeze(Object.create(null) as ParamData);

/** What stands in a path literally is found, and sent, as clients send it: `/café` as `/caf%C3%A9`. */
const AS_SENT = {
  encodePath: (text: string): string => withUpperCaseEscapes(text.replace(/[^!-~]+/gu, encodeURIComponent)),
};

/** `%c3` and `%C3` are the same (RFC 3986 §6.2.2.1), whatever holds for letters. */
function withUpperCaseEscapes(path: string): string {
  return path.includes("%") ? path.replace(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase()) : path;
}

/** How a pattern matches. */
export interface PatternOptions extends PathOptions {
  /** See {@link PathPattern.isExact}. @default true */
  readonly isExact?: boolean;
}

export class PathPattern {
  readonly path: string;
  /** Whether all that matches is meant: a framework's pattern that says more than this syntax can, is matched loosely. */
  readonly isExact: boolean;
  readonly #match: MatchFunction<ParamData>;

  /**
   * @param path - in the syntax of path-to-regexp 8, which is that of Express 5
   * @throws {InvalidRouteError} if it is not
   */
  constructor(
    path: string,
    { isExact = true, caseSensitive = true, ignoreTrailingSlash = false }: PatternOptions = {},
  ) {
    this.path = path;
    this.isExact = isExact;
    if (typeof path !== "string" || !path.startsWith("/"))
      throw new InvalidRouteError(`expected a path that begins with /, but got ${describe(path)}`);
    try {
      this.#match = match(path, { ...AS_SENT, sensitive: caseSensitive, trailing: ignoreTrailingSlash });
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
    const found = this.#match(withUpperCaseEscapes(path));
    if (found === false) return undefined;
    return Object.keys(found.params).length > 0 ? found.params : NO_VARIABLES;
  }

  /**
   * The path with its variables filled in, so that it leads back to them.
   *
   * @param name - of the route, for the error
   * @throws {InvalidUrlError} if one is missing or unknown, or what it holds can't stand in a path
   */
  fill(params: Readonly<Record<string, unknown>>, name: string): string {
    const variables = variablesIn(parse(this.path).tokens);
    const texts = textsOf(params, variables);
    const path = texts && this.#filled(texts);
    if (path !== undefined) return path;
    throw new InvalidUrlError(
      `expected ${listed(variables)} for the URL of ${name}, but got ${describeAll(params)}`,
    );
  }

  /** @returns `undefined` if a variable is missing, or the path that comes of them leads elsewhere: `..` does */
  #filled(texts: ParamData): string | undefined {
    try {
      const path = compile(this.path, AS_SENT)(texts);
      const isWhole = requestPath(path)?.path === path;
      return isWhole && isDeepStrictEqual(this.#match(path), { path, params: texts }) ? path : undefined;
    } catch {
      return undefined;
    }
  }
}

interface Variable {
  readonly name: string;
  readonly isWildcard: boolean;
  readonly isOptional: boolean;
}

function variablesIn(tokens: readonly Token[], isOptional = false): Variable[] {
  return tokens.flatMap((token) => {
    if (token.type === "group") return variablesIn(token.tokens, true);
    return token.type === "text"
      ? []
      : [{ name: token.name, isWildcard: token.type === "wildcard", isOptional }];
  });
}

/** @returns the variables as they stand in a path; `undefined` if one is unknown or can't */
function textsOf(params: unknown, variables: readonly Variable[]): ParamData | undefined {
  if (typeof params !== "object" || params === null) return undefined;
  const texts = Object.create(null) as ParamData; // variables may have names such as constructor
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    const variable = variables.find((each) => each.name === name);
    const text = variable?.isWildcard === true ? segmentsOf(value) : textOf(value);
    if (variable === undefined || text === undefined) return undefined;
    texts[name] = text;
  }
  return texts;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  return Number.isFinite(value) ? String(value) : undefined;
}

/** The segments of a wildcard: a list, or text with slashes. */
function segmentsOf(value: unknown): string[] | undefined {
  const segments: unknown[] = Array.isArray(value) ? value : (textOf(value)?.split("/") ?? []);
  const texts = segments.flatMap((segment) => textOf(segment) ?? []);
  return texts.length > 0 && texts.length === segments.length ? texts : undefined;
}

function listed(variables: readonly Variable[]): string {
  if (variables.length === 0) return "no variables";
  const names = variables.map(({ name, isWildcard, isOptional }) =>
    [name, isWildcard ? " (a list)" : "", isOptional ? " (optional)" : ""].join(""),
  );
  return `the variables ${names.join(", ")}, in numbers or text that is neither empty nor . nor ..,`;
}

function describeAll(params: unknown): string {
  if (typeof params !== "object" || params === null) return describe(params);
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return given.map(([key, value]) => `${key}: ${describe(value)}`).join(", ") || "none";
}
