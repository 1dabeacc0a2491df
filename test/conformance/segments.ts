import type { Socket } from "node:net";

/** Above so many pieces they are still written one by one, but no longer one in each turn of the event loop. */
const MOST_TURNS = 200;

/** Writes bytes in segments of `chunk` bytes, as long as the connection takes any. @param chunk - all at once by default */
export async function writeInSegments(
  socket: Socket,
  bytes: Buffer,
  chunk: number = Math.max(1, bytes.length),
): Promise<void> {
  const hasTurns = bytes.length / chunk <= MOST_TURNS;
  for (let at = 0; at < bytes.length && socket.writable; at += chunk) {
    const isKeepingUp = socket.write(bytes.subarray(at, at + chunk));
    if (!isKeepingUp) await drained(socket);
    else if (hasTurns) await new Promise(setImmediate);
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("drain", resolve);
    socket.once("close", () => resolve());
  });
}
