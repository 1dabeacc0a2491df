/**
 * Errors of sockets. An `error` event without a listener ends the process, and Node's HTTP server takes its own listener
 * off when it announces an upgrade.
 */

import type { Duplex } from "node:stream";

/** A listener for the `error` event of a socket: the close that follows says all that matters. */
export function ignoreErrors(): void {}

/**
 * Listens for errors of a socket until it is closed, unless that is done already. It is never taken off: whether another
 * listener stays, can't be known. Middleware of Koa listens only as long as its response is on its way.
 */
export function guardErrors(socket: Duplex): void {
  if (!socket.listeners("error").includes(ignoreErrors)) socket.on("error", ignoreErrors);
}
