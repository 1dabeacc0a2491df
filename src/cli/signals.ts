/** What a process does at signals. */

import { constants } from "node:os";

/** What is done at each of them; where it is nothing, the signal is ignored. */
export type SignalHandlers = Partial<Record<NodeJS.Signals, () => void>>;

/** Has signals handled. @returns what ends that */
export function handleSignals(handlers: SignalHandlers): () => void {
  const entries = Object.entries(handlers) as [NodeJS.Signals, () => void][];
  for (const [signal, handler] of entries) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of entries) process.off(signal, handler);
  };
}

/** Signals that come this soon after the first are the same one: npm passes on what the terminal has told all. */
const SAME_SIGNAL = 100;

/**
 * Handlers for the signals that end a process: the first of them ends it gracefully, a second one at once.
 *
 * @param gracefully - begins the end
 * @param atOnce - gets the exit code that a shell expects: 128 and the number of the signal; it exits with it by default
 */
export function endAt(
  signals: readonly NodeJS.Signals[],
  gracefully: () => void,
  atOnce: (exitCode: number) => void = exit,
): SignalHandlers {
  let first: number | undefined;
  const handlerOf = (signal: NodeJS.Signals) => (): void => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      gracefully();
    } else if (now - first > SAME_SIGNAL) atOnce(128 + constants.signals[signal]);
  };
  return Object.fromEntries(signals.map((signal) => [signal, handlerOf(signal)]));
}

function exit(exitCode: number): void {
  process.exit(exitCode);
}
