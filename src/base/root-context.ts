/**
 * The async context that belongs to no request. What serves all connections (timers, queues, links to brokers, pools of
 * threads) is started in it: otherwise it would keep the context of the first request that needed it, call into it for
 * everybody else, and hold its memory for as long as the process lives.
 */

import { AsyncResource } from "node:async_hooks";

/** Made when the library is loaded, which is outside of any request. */
const root = new AsyncResource("JackfieldRoot");

/**
 * Starts something that outlives the request that needs it. No code of others is called in here directly: what it puts into
 * the context (`enterWith`) would stay there for all. See {@link inContextOfItsOwn} for that.
 */
export function inRootContext<Args extends unknown[], Result>(
  start: (...args: Args) => Result,
  ...args: Args
): Result {
  return root.runInAsyncScope(start, undefined, ...args);
}

/** The same for code that may belong to others: a broker, a pool of threads. */
export function inContextOfItsOwn<Args extends unknown[], Result>(
  start: (...args: Args) => Result,
  ...args: Args
): Result {
  return inRootContext(newResource).runInAsyncScope(start, undefined, ...args);
}

function newResource(): AsyncResource {
  return new AsyncResource("JackfieldShared");
}
