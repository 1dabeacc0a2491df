/** Whether a socket of an upgrade was taken by another listener of the same server. */

import type { Socket } from "node:net";

/** @returns a function that tells whether nobody has begun to use the socket since */
export function untouched(socket: Socket): () => boolean {
  const before = usesOf(socket); // nothing of it needs to be 0: requests came before, or somebody watches the bytes
  return (): boolean =>
    !socket.destroyed && socket.writable && usesOf(socket).every((use, at) => use === before[at]);
}

function usesOf(socket: Socket): readonly unknown[] {
  const response: unknown = Reflect.get(socket, "_httpMessage") ?? null; // the one that the socket is assigned to
  return [socket.bytesWritten, socket.listenerCount("data"), socket.listenerCount("readable"), response];
}
