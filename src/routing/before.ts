/** Hooks that run before an upgrade is accepted, and may answer it instead. */

import type { AnyParams } from "./path-params.js";

/**
 * Called before an upgrade is accepted, behind the framework's own middleware. What it returns is the answer instead
 * of the 101; if it returns nothing, the next hook has its turn, and then the route. What it throws, the framework's
 * error handling answers.
 *
 * @param request - the framework's own request
 * @param params - the variables of the path
 */
export type BeforeHook<Request = unknown> = (
  request: Request,
  params: AnyParams,
) => Response | undefined | void | Promise<Response | undefined | void>;

/** Runs hooks one after the other. @returns the first answer, if there is one */
export async function runBeforeHooks(
  hooks: readonly BeforeHook<never>[],
  request: unknown,
  params: unknown,
): Promise<Response | undefined> {
  for (const hook of hooks) {
    const answer = await hook(request as never, params as AnyParams);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
