/** Hands the messages of an endpoint to those of its handlers that they are meant for, and sends what these give back. */

import type { Message } from "../connection/message.js";
import type { Socket } from "../connection/socket.js";
import type { CloseInfo } from "../errors.js";
import { EventHandlers, readEvent, sendEventError } from "./event-handlers.js";
import type { Hooks } from "./handler.js";
import { matchMessage } from "./message-pattern.js";
import { sendMessageReply, sendReply } from "./reply.js";

type AnySocket = Socket<never, never>;

type OpenHandler = (ws: never) => unknown;
type CloseHandler = (ws: never, info: CloseInfo) => unknown;

/** A handler of messages, of whatever socket. */
interface MessageHandlerEntry {
  /** For errors. */
  readonly name: string;
  /** Without one, it is for all messages. */
  readonly pattern: RegExp | undefined;
  readonly handle: (message: Message, ...rest: readonly unknown[]) => unknown;
}

export class MessageDispatch implements Hooks<never, never> {
  readonly events: EventHandlers;
  readonly #endpoint: string;
  readonly #matchOne: boolean;
  readonly #openings: OpenHandler[] = [];
  readonly #closings: CloseHandler[] = [];
  readonly #patterns: MessageHandlerEntry[] = [];
  readonly #catchAlls: MessageHandlerEntry[] = [];
  /** Patterns before those that take everything. */
  #handlers: readonly MessageHandlerEntry[] = [];

  /**
   * @param endpoint - the name of what it is for, for errors
   * @param matchOne - whether a message is for the first handler only that it matches
   */
  constructor(endpoint: string, matchOne: boolean) {
    this.#endpoint = endpoint;
    this.#matchOne = matchOne;
    this.events = new EventHandlers(endpoint);
  }

  addOpening(handle: OpenHandler): void {
    this.#openings.push(handle);
  }

  addClosing(handle: CloseHandler): void {
    this.#closings.push(handle);
  }

  addMessageHandler(pattern: RegExp | undefined, handle: MessageHandlerEntry["handle"]): void {
    const name = `onMessage(${pattern === undefined ? "" : String(pattern)}) of ${this.#endpoint}`;
    (pattern === undefined ? this.#catchAlls : this.#patterns).push({ name, pattern, handle });
    this.#handlers = [...this.#patterns, ...this.#catchAlls];
  }

  async open(ws: AnySocket): Promise<void> {
    for (const open of this.#openings)
      await sendReply(ws, open(ws as never), `onOpen of ${this.#endpoint}`, sendMessageReply);
  }

  message(ws: AnySocket, message: Message): Promise<void> | undefined {
    if (this.events.isEmpty) return this.#handle(ws, message);
    if (typeof message !== "string") {
      return this.#handle(ws, message, () =>
        sendEventError(ws, "invalid_event", "expected text, but the message is binary"),
      );
    }
    const event = readEvent(message);
    if (typeof event === "object") return this.events.handle(ws, event);
    return this.#handle(ws, message, () => sendEventError(ws, event, problems[event]));
  }

  async close(ws: AnySocket, info: CloseInfo): Promise<void> {
    for (const close of this.#closings) await close(ws as never, info);
  }

  /**
   * Has all handlers that the message is for run, one after the other.
   *
   * @param otherwise - what is done if it is for none of them
   * @param first - the handler to begin with, after `isHandled` by those before it
   * @returns a promise only where something has to be waited for
   */
  #handle(
    ws: AnySocket,
    message: Message,
    otherwise?: () => Promise<void> | undefined,
    first = 0,
    isHandled = false,
  ): Promise<void> | undefined {
    for (let at = first; at < this.#handlers.length; at++) {
      const handler = this.#handlers[at];
      if (handler === undefined) break;
      const match = handler.pattern === undefined ? undefined : matchText(handler.pattern, message);
      if (match === null) continue;
      isHandled = true;
      const reply = match === undefined ? handler.handle(message, ws) : handler.handle(message, match, ws);
      const sent = sendReply(ws, reply, handler.name, sendMessageReply);
      if (this.#matchOne) return sent;
      if (sent !== undefined) return sent.then(() => this.#handle(ws, message, otherwise, at + 1, true));
    }
    return isHandled ? undefined : otherwise?.();
  }
}

const problems = {
  invalid_json: "expected an event as JSON, but the message is no JSON",
  invalid_event: `expected an event such as {"event": "name", "data": 1, "id": 2}`,
} as const;

/** Patterns are for text. */
function matchText(pattern: RegExp, message: Message): RegExpExecArray | null {
  return typeof message === "string" ? matchMessage(pattern, message) : null;
}
