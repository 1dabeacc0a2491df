/** A `Response`, made ready to be sent by Node or by a framework: with its length, where that can be known. */

import { nextTurn } from "../base/timers.js";

/** Up to here a body is read before the head of the answer is written, in bytes. */
const MOST_READ_AHEAD = 65_536;

/** For so many turns of the event loop a body that isn't there yet is waited for: that of a Blob is read by another thread. */
const MOST_TURNS = 8;

/** What belongs to the connection that a `Response` was got on, or is told anew (RFC 9110 §7.6.1, §8.6). */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "transfer-encoding",
]);

/** An answer of which nothing was sent yet. */
export interface ReadyAnswer {
  readonly status: number;
  /** The reason phrase, if it has one of its own. */
  readonly statusText: string;
  /** Its header fields; `set-cookie` as often as there are cookies. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  /** How long the body is; `undefined` where that is not known, or where an answer has none (RFC 9110 §8.6). */
  readonly length: number | undefined;
  /** All of it, or a stream where it is large or comes later; `null` for none. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
}

/**
 * Old proxies relay an answer to an upgrade with its body only if its length is known. So what is small and there at once is
 * read before the head is written; a stream stays one.
 *
 * @throws whatever the body fails with, as far as it is read
 */
export async function readyAnswer(response: Response): Promise<ReadyAnswer> {
  const { status, statusText, headers } = response;
  const body = response.body === null ? null : await readAhead(response.body);
  const fields = [...headers].filter(([name]) => !FRAMING.has(name));
  return { status, statusText, fields, length: lengthOf(status, body), body };
}

function lengthOf(status: number, body: ReadyAnswer["body"]): number | undefined {
  if (status === 204 || status === 304) return undefined;
  if (body === null) return 0;
  return body instanceof Uint8Array ? body.length : undefined;
}

type Chunk = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;

async function readAhead(body: ReadableStream<Uint8Array>): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  for (let size = 0, turns = 0; ;) {
    const next = reader.read();
    let chunk = (await Promise.race([next, nextTurn()])) ?? undefined;
    while (chunk === undefined && turns++ < MOST_TURNS)
      chunk = (await Promise.race([next, nextTurn()])) ?? undefined;
    if (chunk === undefined) return remainder(chunks, next, reader);
    if (chunk.done) return Buffer.concat(chunks);
    const bytes = bytesOf(chunk.value);
    chunks.push(bytes);
    size += bytes.length;
    if (size > MOST_READ_AHEAD) return remainder(chunks, reader.read(), reader);
  }
}

/** A stream may hold text, though that of a `Response` should not. */
function bytesOf(chunk: unknown): Uint8Array {
  return typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
}

/** What was read, and behind it all that comes. It is cancelled as the whole would be. */
function remainder(
  chunks: Uint8Array[],
  next: Promise<Chunk>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  next.catch(() => undefined); // told to the one who reads on, if there is one
  let pending: Promise<Chunk> | undefined = next;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const read = chunks.shift();
        if (read !== undefined) return controller.enqueue(read);
        const { done, value } = await (pending ?? reader.read());
        pending = undefined;
        if (done) controller.close();
        else controller.enqueue(bytesOf(value));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
