/** Handlers whose replies are what they return: for an app, a blueprint, or an endpoint of its own. */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Message } from "../connection/message.js";
import type { Socket } from "../connection/socket.js";
import { InvalidRouteError, describe, type CloseInfo } from "../errors.js";
import type { MessageDispatch } from "./message-dispatch.js";
import { messagePattern } from "./message-pattern.js";
import type { Reply } from "./reply.js";

/** Handles every message. What it returns is the reply. */
export type MessageHandler<Params, Request> = (message: Message, ws: Socket<Params, Request>) => Reply;

/** Handles the text messages that match its pattern. What it returns is the reply. */
export type PatternHandler<Params, Request> = (
  message: string,
  match: RegExpExecArray,
  ws: Socket<Params, Request>,
) => Reply;

/** Handles an event. What it returns is the data of the reply: whatever JSON can carry. */
export type EventHandler<Data, Params, Request> = (data: Data, ws: Socket<Params, Request>) => unknown;

/**
 * Replies by return. Of a handler, nothing is sent for `undefined` or `null`; text and bytes are sent as they are,
 * `json(value)` as JSON text; of a promise, what it resolves to; of a generator, everything that it yields. Anything else
 * fails the handler with an `InvalidReplyError`.
 *
 * The messages of one socket are handled one at a time and in order, if `concurrency` says nothing else, and so are the
 * handlers of one message.
 */
export abstract class MessageHandlers<Params, Request> {
  /** What the handlers are given to. @internal */
  protected abstract get messages(): MessageDispatch;

  /**
   * Adds a handler for new connections, whose messages wait until it is done. What it returns is sent.
   *
   * @throws {InvalidRouteError} if it is no function
   */
  onOpen(handler: (ws: Socket<Params, Request>) => Reply): void {
    checkFunction(handler, "onOpen");
    this.messages.addOpening(handler);
  }

  /**
   * Adds a handler for ended connections, after their last message. What it returns is awaited, and otherwise ignored.
   *
   * @throws {InvalidRouteError} if it is no function
   */
  onClose(handler: (ws: Socket<Params, Request>, info: CloseInfo) => unknown): void {
    checkFunction(handler, "onClose");
    this.messages.addClosing(handler);
  }

  /**
   * Adds a handler for messages. First those run whose pattern the message matches, in the order in which they were
   * added, then those without a pattern; with the option `matchOne`, only the first of all these.
   *
   * @param pattern - for text messages: a regular expression, or the source of one, which has to match from the beginning
   * @throws {InvalidRouteError} if the pattern or the handler is none
   */
  onMessage(handler: MessageHandler<Params, Request>): void;
  onMessage(pattern: string | RegExp, handler: PatternHandler<Params, Request>): void;
  onMessage(...given: readonly unknown[]): void {
    const [handler] = given.slice(-1);
    checkFunction(handler, "onMessage");
    const pattern = given.length > 1 ? messagePattern(given[0]) : undefined;
    this.messages.addMessageHandler(pattern, handler as (message: Message) => unknown);
  }

  /**
   * Adds the handler of an event: of text messages such as `{"event": "join", "data": {"name": "Ann"}, "id": 1}`. What it
   * returns is sent as `{"event": "join", "data": …, "id": 1}`; without a value, only an event with an `id` is answered,
   * without `data`. Other messages are for `onMessage`. What nobody handles is answered with an error; see
   * {@link EventErrorMessage}.
   *
   * @param schema - a Standard Schema (of zod, valibot, arktype and others), which checks the data, and gives it its type
   * @throws {InvalidRouteError} if the event has a handler, or something given is none
   * @throws {InvalidOptionError} if the schema is none
   */
  on<Schema extends StandardSchemaV1>(
    event: string,
    schema: Schema,
    handler: EventHandler<StandardSchemaV1.InferOutput<Schema>, Params, Request>,
  ): void;
  on(event: string, handler: EventHandler<unknown, Params, Request>): void;
  on(event: string, ...rest: readonly unknown[]): void {
    // Some schemas are functions too: it is the number that tells.
    const [schema, handler] = rest.length > 1 ? rest : [undefined, rest[0]];
    this.messages.events.add(event, schema, handler);
  }
}

/** @throws {InvalidRouteError} */
function checkFunction(handler: unknown, method: string): void {
  if (typeof handler === "function") return;
  throw new InvalidRouteError(
    `expected a function as the handler of ${method}, but got ${describe(handler)}`,
  );
}
