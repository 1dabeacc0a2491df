/** Whether a socket of an upgrade was taken by another listener of the same server. */

import type { Socket } from "node:net";

/** @returns a function that tells whether nobody has begun to use the socket since */
export function untouched(socket: Socket): () => boolean {
  const { bytesWritten } = socket; // not 0 where requests came before on the same connection
  return (): boolean =>
    !socket.destroyed &&
    socket.writable &&
    socket.bytesWritten === bytesWritten &&
    socket.listenerCount("data") === 0;
}
