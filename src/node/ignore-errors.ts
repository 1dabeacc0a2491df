/**
 * Errors of sockets. An `error` event without a listener ends the process, and Node's HTTP server takes its own listener
 * off when it announces an upgrade.
 */

import type { Duplex } from "node:stream";

/** A listener for the `error` event of a socket: the close that follows says all that matters. */
export function ignoreErrors(): void {}

/** Listens for errors of a socket, unless that is done already. */
export function guardErrors(socket: Duplex): void {
  if (!socket.listeners("error").includes(ignoreErrors)) socket.on("error", ignoreErrors);
}

/** Leaves the errors of a socket to its new owner, provided that the owner listens for them. */
export function releaseErrors(socket: Duplex): void {
  if (socket.listenerCount("error") > 1) socket.off("error", ignoreErrors);
}
