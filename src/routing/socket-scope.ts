/** The scope that handlers run in. There is none until `jackfield/context` brings one, so that only its users pay. */

import type { Socket } from "../connection/socket.js";

/**
 * Calls code, for which a socket is the current one as long as it runs and whatever it awaits.
 *
 * @param socket - `undefined` for code that runs for no socket
 */
export type SocketScope = <Args extends unknown[], Result>(
  socket: Socket<unknown> | undefined,
  code: (...args: Args) => Result,
  ...args: Args
) => Result;

/** `undefined` unless `jackfield/context` was imported. Where a call is frequent, this is to be asked first. */
export let socketScope: SocketScope | undefined;

/** Has all handlers run in a scope from now on: those that start, and hooks that are called. */
export function bringSocketScope(scope: SocketScope): void {
  socketScope = scope;
}

/** Calls code for a socket, in the scope if there is one. */
export function inScopeOf<S extends Socket<unknown> | undefined, Result>(
  socket: S,
  code: (socket: S) => Result,
): Result {
  return socketScope === undefined ? code(socket) : socketScope(socket, code, socket);
}
