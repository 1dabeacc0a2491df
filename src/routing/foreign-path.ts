/** Translates the paths of other routers into ours, so that their URLs can be built and recognized. */

import { InvalidRouteError } from "../errors.js";
import type { PathOptions } from "./path-options.js";
import { PathPattern } from "./path-pattern.js";

/** What stands around the regular expression of a variable: `:id(\\d+)` in find-my-way, `:id{\\d+}` in Hono. */
export type RegexBrackets = "()" | "{}";

/** What means something in our syntax and nothing in theirs. */
const SPECIAL = /[{}()[\]+!?:\\"]/;

/** Where the name of a variable ends; in Hono, where only whole segments are variables, at the end of the segment. */
const NAME_END: Readonly<Record<RegexBrackets, RegExp>> = { "()": /[/(?.-]|$/g, "{}": /[/{?]|$/g };

/**
 * The pattern of a path that has variables such as `:id`, `:id?` and `:id(\\d+)`, a wildcard `*`, whose name is `*`, and
 * a colon written as `::`. Regular expressions are left out: then it matches more than is meant.
 *
 * @param options - how their router compares
 * @returns `undefined` if it can't be translated
 */
export function foreignPattern(
  path: string,
  brackets: RegexBrackets,
  options: PathOptions = {},
): PathPattern | undefined {
  let isExact = true;
  let ours = "";
  for (let at = 0; at < path.length; at++) {
    const char = path.charAt(at);
    if (brackets === "()" && path.startsWith("::", at)) {
      ours += "\\:";
      at++;
    } else if (char === ":" && (brackets === "()" || path.charAt(at - 1) === "/")) {
      const end = nameEnd(path, at + 1, brackets);
      // In quotes: what follows it, be it behind a regular expression, would be taken for a part of it.
      ours += `:"${path.slice(at + 1, end).replace(/["\\]/g, "\\$&")}"`;
      at = end - 1;
      if (path.charAt(end) === brackets[0]) {
        at = closingBracket(path, end, brackets);
        isExact = false;
      }
      if (path.charAt(at + 1) === "?") {
        ours = withOptionalEnd(ours);
        at++;
      }
    } else if (char === "*") {
      ours += '{*"*"}';
    } else {
      ours += SPECIAL.test(char) ? `\\${char}` : char;
    }
  }
  try {
    return new PathPattern(ours, { ...options, isExact });
  } catch (error) {
    if (error instanceof InvalidRouteError) return undefined;
    throw error;
  }
}

function nameEnd(path: string, start: number, brackets: RegexBrackets): number {
  const end = NAME_END[brackets];
  end.lastIndex = start;
  return end.exec(path)?.index ?? path.length;
}

/** Makes the last segment optional, with the slash before it unless the path is no more than this. */
function withOptionalEnd(path: string): string {
  const segment = path.lastIndexOf("/") || 1;
  return `${path.slice(0, segment)}{${path.slice(segment)}}`;
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
