/** Patterns for messages: which text a handler is called for. */

import { InvalidRouteError, describe } from "../errors.js";

/**
 * Makes a pattern of what an application gave.
 *
 * @param pattern - a regular expression, or the source of one, which then has to match from the beginning of the text
 * @throws {InvalidRouteError}
 */
export function messagePattern(pattern: unknown): RegExp {
  if (pattern instanceof RegExp) return new RegExp(pattern.source, pattern.flags); // nobody else's lastIndex
  if (typeof pattern !== "string") {
    const expected = "expected a regular expression, or the source of one, as the pattern of onMessage";
    throw new InvalidRouteError(`${expected}, but got ${describe(pattern)}`);
  }
  try {
    return new RegExp(`^(?:${pattern})`);
  } catch (cause) {
    throw new InvalidRouteError(
      `expected the source of a regular expression, but ${describe(pattern)} is none`,
      {
        cause,
      },
    );
  }
}

/** @returns `null` if it does not match */
export function matchMessage(pattern: RegExp, text: string): RegExpExecArray | null {
  pattern.lastIndex = 0; // of those with the flags g and y, which remember it
  return pattern.exec(text);
}
