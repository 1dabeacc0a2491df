/** What a message handler may give back, and how it is sent. */

import type { Message } from "../connection/message.js";
import { outgoing, type Sendable } from "../connection/prepared-message.js";
import { SETTLED, isPromise } from "../connection/promises.js";
import { InvalidReplyError } from "../errors.js";

/** A value that is sent as JSON text; made by {@link json}. */
export class JsonReply {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Has a value sent as JSON text: `return json({ welcome: name })`. */
export function json(value: unknown): JsonReply {
  return new JsonReply(value);
}

/** One message, or none. */
export type SingleReply = Sendable | JsonReply | null | undefined | void;

/** What a handler may give back: one message or none, a promise of it, or a generator of several. */
export type Reply =
  | SingleReply
  | PromiseLike<SingleReply>
  | Generator<SingleReply, void, undefined>
  | AsyncGenerator<SingleReply, void, undefined>;

/** As much of a socket as sending needs. */
export interface ReplySocket {
  send(data: Sendable): Promise<void>;
}

/** Sends one value of a handler; gives a promise only where something has to be waited for. */
export type SendValue<To> = (ws: ReplySocket, value: unknown, to: To) => Promise<void> | undefined;

/**
 * Sends all that a handler gives back, one after the other. What a generator yields, is sent before it goes on; when the
 * connection has ended, so has the generator.
 *
 * @param to - given to `sendValue`
 * @returns a promise only where something has to be waited for
 */
export function sendReply<To>(
  ws: ReplySocket,
  reply: unknown,
  to: To,
  sendValue: SendValue<To>,
): Promise<void> | undefined {
  if (isPromise(reply))
    return Promise.resolve(reply).then((settled) => sendReply(ws, settled, to, sendValue));
  if (isGenerator(reply)) return sendAll(ws, reply, to, sendValue);
  return sendValue(ws, reply, to);
}

async function sendAll<To>(
  ws: ReplySocket,
  replies: Iterable<unknown> | AsyncIterable<unknown>,
  to: To,
  sendValue: SendValue<To>,
): Promise<void> {
  let isEmpty = true;
  for await (const value of replies) {
    isEmpty = false;
    await sendValue(ws, value, to);
  }
  if (isEmpty) await sendValue(ws, undefined, to);
}

/**
 * Sends text, bytes and what `json` made; nothing for nothing.
 *
 * @param handler - its name, for the error
 * @throws {InvalidReplyError} if it is anything else
 */
export function sendMessageReply(
  ws: ReplySocket,
  value: unknown,
  handler: string,
): Promise<void> | undefined {
  if (value === undefined || value === null) return undefined;
  const message = value instanceof JsonReply ? jsonText(value.value, handler) : outgoing(value);
  if (message !== undefined) return unlessSettled(ws.send(message));
  throw new InvalidReplyError(handler, "nothing, text, bytes, or json(value) for anything else", value);
}

/**
 * @param handler - its name, for the error
 * @throws {InvalidReplyError} if JSON can't carry the value
 */
export function jsonText(value: unknown, handler: string): Message {
  let cause: unknown;
  try {
    const text = isBytes(value) ? undefined : JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (error) {
    cause = error;
  }
  throw new InvalidReplyError(handler, "a value that JSON can carry", value, cause);
}

function isBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

/** There is nothing to wait for in what nearly all sends give. */
export function unlessSettled(promise: Promise<void>): Promise<void> | undefined {
  return promise === SETTLED ? undefined : promise;
}

/** An array or a set of replies is none: it may just as well be meant for `json`. */
function isGenerator(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof value !== "object" || value === null || !("next" in value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
