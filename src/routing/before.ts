/** Hooks that run before an upgrade is accepted, and may answer it instead. */

import { InvalidOptionError } from "../errors.js";
import type { AnyParams } from "./path-params.js";

/**
 * Called before an upgrade is accepted, behind the framework's own middleware. What it returns is the answer instead
 * of the 101, made anew each time, as a `Response` can be sent once; if it returns nothing, the next hook has its turn,
 * and then the route. What it throws, the framework's error handling answers; so it does if it returns anything else.
 *
 * @param request - the framework's own request
 * @param params - the variables of the path
 */
export type BeforeHook<Request = unknown> = (
  request: Request,
  params: AnyParams,
) => Response | undefined | void | Promise<Response | undefined | void>;

/**
 * Runs hooks one after the other.
 *
 * @returns the first answer, if there is one
 * @throws {InvalidOptionError} if a hook gives something else: what is meant as a refusal must not pass for none
 */
export async function runBeforeHooks(
  hooks: readonly BeforeHook<never>[],
  request: unknown,
  params: unknown,
): Promise<Response | undefined> {
  for (const hook of hooks) {
    const answer: unknown = await hook(request as never, params as AnyParams);
    if (answer === undefined) continue;
    if (isFresh(answer)) return answer;
    throw new InvalidOptionError(
      "before",
      "hooks that return undefined or a Response, a new one for each request,",
      answer,
    );
  }
  return undefined;
}

/** By its tag: a server that puts another class in the place of `Response` leaves those that `fetch` gives as they are. */
function isFresh(answer: unknown): answer is Response {
  if (Object.prototype.toString.call(answer) !== "[object Response]") return false;
  const { bodyUsed, body } = answer as Response;
  return !bodyUsed && body?.locked !== true;
}
