/** Answers in the form of a `Response`, which code of the application gives or throws before an upgrade is accepted. */

import { InvalidOptionError } from "../errors.js";

/** By its tag: a server that puts another class in the place of `Response` leaves those that `fetch` gives as they are. */
export function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === "[object Response]";
}

/** Whether a `Response` can be sent: each only once, and that of `Response.error()` never, as it has no status. */
export function isFresh(response: Response): boolean {
  return response.status >= 200 && !response.bodyUsed && response.body?.locked !== true;
}

/**
 * What was thrown, as the answer that it is: a `Response` that is thrown counts as one that is returned.
 *
 * @param option - where the code stands that has thrown it, for the error
 * @throws what was thrown, if it is no `Response`
 * @throws {InvalidOptionError} if it can't be sent
 */
export function answerThrown(thrown: unknown, option: string): Response {
  if (!isResponse(thrown)) throw thrown;
  if (isFresh(thrown)) return thrown;
  const expected =
    "a function that, if it throws a Response, throws a new one with a status for each request";
  throw new InvalidOptionError(option, expected, thrown);
}
