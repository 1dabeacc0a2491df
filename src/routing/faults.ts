/** How faults of the application are told: whatever goes wrong then must not do harm. */

import { isPromise } from "../connection/promises.js";
import { lastResort } from "../connection/safe-logger.js";
import type { Socket } from "../connection/socket.js";
import { MAX_CLOSE_REASON_BYTES } from "../protocol/close-code.js";
import type { ErrorFacts, SocketsSettings } from "./options.js";
import { inScopeOf } from "./socket-scope.js";

/** Writes a fault to the log. */
export function logFault({ logger }: SocketsSettings, { socket, route }: ErrorFacts, error: unknown): void {
  inScopeOf(socket, () => {
    logger.error(`jackfield: the handler of ${route} failed (socket ${socket.id})`, error);
  });
}

/** Calls the application's hook for faults, if there is one. */
export function tellOfFault({ onError }: SocketsSettings, facts: ErrorFacts, error: unknown): void {
  if (onError !== undefined) attempt(facts.socket, () => onError(error, facts));
}

/** Calls the application's hook for gaps of the broker, if there is one. What fails in it is logged. */
export function tellOfGap({ onGap, logger }: SocketsSettings): void {
  if (onGap === undefined) return;
  const log = (error: unknown): void => logger.error("jackfield: onGap failed", error);
  try {
    const outcome = onGap();
    if (isPromise(outcome)) outcome.then(undefined, log);
  } catch (error) {
    log(error);
  }
}

/** Calls code of the application whose own faults must not do harm. */
function attempt(socket: Socket<unknown>, code: () => unknown): void {
  try {
    const outcome = inScopeOf(socket, code);
    if (isPromise(outcome)) outcome.then(undefined, complain);
  } catch (error) {
    complain(error);
  }
}

function complain(error: unknown): void {
  lastResort("jackfield: an error hook failed", error);
}

/** As much of the error's message as fits into a close reason (RFC 6455 §5.5). */
export function reasonOf(error: unknown): string {
  const message = Buffer.from(error instanceof Error ? error.message : String(error));
  if (message.length <= MAX_CLOSE_REASON_BYTES) return message.toString();
  return new TextDecoder().decode(message.subarray(0, MAX_CLOSE_REASON_BYTES - 3)).replace(/\uFFFD$/, "");
}
