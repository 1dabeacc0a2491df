/** Hooks that run before an upgrade is accepted, and may answer it instead. */

import { InvalidOptionError } from "../errors.js";
import type { AnyParams } from "./path-params.js";
import { answerThrown, isFresh, isResponse } from "./thrown-answer.js";

/**
 * Called before an upgrade is accepted, behind the framework's own middleware. What it returns is the answer instead
 * of the 101, made anew each time, as a `Response` can be sent once; if it returns nothing, the next hook has its turn,
 * and then the route. A `Response` that it throws is the answer, too. What else it throws, the framework's error handling
 * answers; so it does if it returns anything else.
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
    const answer = await answerOf(hook, request, params);
    if (answer === undefined) continue;
    if (isResponse(answer) && isFresh(answer)) return answer;
    throw new InvalidOptionError(
      "before",
      "hooks that return undefined or a Response, a new one with a status for each request,",
      answer,
    );
  }
  return undefined;
}

async function answerOf(hook: BeforeHook<never>, request: unknown, params: unknown): Promise<unknown> {
  try {
    return await hook(request as never, params as AnyParams);
  } catch (thrown) {
    return answerThrown(thrown, "before");
  }
}
