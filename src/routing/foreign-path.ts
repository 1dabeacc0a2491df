/** Translates the paths of other routers into ours, so that their URLs can be built and recognized. */

import { InvalidRouteError } from "../errors.js";
import { PathPattern } from "./path-pattern.js";

/** What stands around the regular expression of a variable: `:id(\\d+)` in find-my-way, `:id{\\d+}` in Hono. */
export type RegexBrackets = "()" | "{}";

/** What means something in our syntax and nothing in theirs. */
const SPECIAL = /[{}()[\]+!\\"]/;

/**
 * The pattern of a path that has variables such as `:id`, `:id?` and `:id(\\d+)`, a wildcard `*`, whose name is `*`, and
 * a colon written as `::`. Regular expressions are left out: then it matches more than is meant.
 *
 * @returns `undefined` if it can't be translated
 */
export function foreignPattern(path: string, brackets: RegexBrackets): PathPattern | undefined {
  let isExact = true;
  let ours = "";
  for (let at = 0; at < path.length; at++) {
    const char = path.charAt(at);
    if (char === brackets[0]) {
      at = closingBracket(path, at, brackets);
      isExact = false;
    } else if (path.startsWith("::", at)) {
      ours += "\\:";
      at++;
    } else if (char === "?") {
      const segment = ours.lastIndexOf("/");
      ours = `${ours.slice(0, segment)}{${ours.slice(segment)}}`;
    } else if (char === "*") {
      ours += '*"*"';
    } else {
      ours += SPECIAL.test(char) ? `\\${char}` : char;
    }
  }
  try {
    return new PathPattern(ours, { isExact });
  } catch (error) {
    if (error instanceof InvalidRouteError) return undefined;
    throw error;
  }
}

/** Where the bracket at `start` is closed, or the end. */
function closingBracket(path: string, start: number, brackets: string): number {
  const [open, close] = brackets;
  let depth = 0;
  for (let at = start; at < path.length; at++) {
    const char = path.charAt(at);
    if (char === "\\") at++;
    else if (char === open) depth++;
    else if (char === close && --depth === 0) return at;
  }
  return path.length;
}
