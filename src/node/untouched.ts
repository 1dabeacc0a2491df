/** Whether a socket of an upgrade was taken by another listener of the same server. */

import type { Duplex } from "node:stream";
import { responseOn } from "./server-classes.js";

/** @returns a function that tells whether no other party has begun to use the socket since */
export function untouched(socket: Duplex): () => boolean {
  const before = usesOf(socket); // earlier requests, or a tool that watches the bytes, leave traces too
  return (): boolean =>
    !socket.destroyed && socket.writable && usesOf(socket).every((use, at) => use === before[at]);
}

function usesOf(socket: Duplex): readonly unknown[] {
  return [
    Reflect.get(socket, "bytesWritten") ?? socket.writableLength, // only sockets of `node:net` count what they write
    socket.listenerCount("data"),
    socket.listenerCount("readable"),
    responseOn(socket),
  ];
}
