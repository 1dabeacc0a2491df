/** A task that leaves nothing behind if it comes to nothing. */

/**
 * Undoes what a task has begun when it fails, or when a signal aborts, which lets it fail.
 *
 * @param undo - may be called twice
 * @throws what the task throws, once that is undone; the signal's reason, if it has aborted before
 */
export async function orUndo<Value>(
  task: () => Promise<Value>,
  undo: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<Value> {
  signal.throwIfAborted();
  const undoAtOnce = (): void => void undo();
  signal.addEventListener("abort", undoAtOnce);
  try {
    return await task();
  } catch (error) {
    await undo();
    throw error;
  } finally {
    signal.removeEventListener("abort", undoAtOnce);
  }
}
