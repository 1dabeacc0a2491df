/** What follows a promise, however it ends. */

/** As `finally` of the promise, for a task that takes its time. */
export async function after<Value>(promise: Promise<Value>, task: () => Promise<void>): Promise<Value> {
  try {
    return await promise;
  } finally {
    await task();
  }
}
