/** Promises that cost little, and that nobody is forced to look at. */

/** Settled already. One for all, as it is given out with nearly every message. */
export const SETTLED: Promise<void> = Promise.resolve();

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** A promise whose rejection is no event of its own: whoever looks at it sees it, nobody else does. */
export function refusal(error: Error): Promise<never> {
  return unobtrusive(Promise.reject(error));
}

/** Sees to it that a rejection of `promise` is no event of its own. */
export function unobtrusive<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

/** A promise to be settled by somebody else. A rejection that nobody looks at is no event. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>["resolve"] = ignore;
  let reject: Deferred<T>["reject"] = ignore;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  promise.catch(ignore);
  return { promise, resolve, reject };
}

function ignore(): void {}
