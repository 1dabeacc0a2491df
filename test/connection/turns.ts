/** Waiting for what is to happen, without a clock. */

/** Lets everything happen that is due: callbacks, bytes on their way through this machine, and what they cause. */
export async function turns(count = 1): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Tells whether a promise has settled. */
export function settling(promise: Promise<unknown>): () => boolean {
  let isSettled = false;
  const settled = (): void => {
    isSettled = true;
  };
  promise.then(settled, settled);
  return () => isSettled;
}

/** Waits, a turn of the event loop at a time, until something is so; the test's own timeout is the bound. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turns();
}
