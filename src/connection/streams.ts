/** A socket as web streams. */

import type { CloseInfo } from "../errors.js";
import type { Message } from "./transport.js";

/** What the streams ask of their socket. */
interface StreamSocket extends AsyncIterable<Message> {
  send(data: string | Uint8Array | ArrayBuffer): Promise<void>;
  close(code?: number, reason?: string): Promise<CloseInfo>;
}

/** Pulls a message whenever the reader wants one, so that a slow reader slows down the peer. */
export function readableOf(socket: StreamSocket): ReadableStream<Message> {
  const messages = socket[Symbol.asyncIterator]();
  return new ReadableStream<Message>(
    {
      async pull(controller): Promise<void> {
        const next = await messages.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel(): Promise<void> {
        await socket.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Waits for the drain of each chunk, so that a slow peer slows down the writer. */
export function writableOf(socket: StreamSocket): WritableStream<string | Uint8Array | ArrayBuffer> {
  return new WritableStream({
    write: (chunk) => socket.send(chunk),
    async close(): Promise<void> {
      await socket.close();
    },
    async abort(): Promise<void> {
      await socket.close(1011);
    },
  });
}
