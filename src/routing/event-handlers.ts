/** Events: messages of the form `{"event", "data", "id"?}`, each with a handler of its own. */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InvalidOptionError, InvalidRouteError, describe } from "../errors.js";
import { JsonReply, jsonText, sendReply, unlessSettled, type ReplySocket } from "./reply.js";

/**
 * The codes of the errors that a client is answered with:
 *
 * - `invalid_json`: the message is no JSON.
 * - `invalid_event`: it is no object with the name of an event, or its `id` is neither a string nor a number.
 * - `unknown_event`: nobody handles events of this name.
 * - `invalid_data`: the data is not what the schema of the event says; `issues` tells where.
 */
export type EventErrorCode = "invalid_json" | "invalid_event" | "unknown_event" | "invalid_data";

/** What a client is answered when its message could not be handled; `event` and `id` are its own, where known. */
export interface EventErrorMessage {
  readonly event?: string;
  readonly id?: EventId;
  readonly error: {
    readonly code: EventErrorCode;
    /** A sentence for people. */
    readonly message: string;
    /** What the schema found. */
    readonly issues?: readonly EventIssue[];
  };
}

/** One thing that is wrong with the data of an event. */
export interface EventIssue {
  readonly message: string;
  /** The way to it through the data. */
  readonly path?: readonly (string | number)[];
}

/** What the client names its event with, to tell the answer to it from others. */
export type EventId = string | number;

/** An event as it came. */
export interface EventMessage {
  readonly event: string;
  readonly data: unknown;
  readonly id: EventId | undefined;
}

interface EventHandler {
  /** For errors. */
  readonly name: string;
  readonly schema: StandardSchemaV1 | undefined;
  readonly handle: (data: unknown, ws: never) => unknown;
}

/** Whom a value of a handler goes to. */
interface Recipient {
  readonly message: EventMessage;
  readonly handler: EventHandler;
}

export class EventHandlers {
  /** What the handlers belong to, for errors. */
  readonly #endpoint: string;
  readonly #handlers = new Map<string, EventHandler>();

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  get isEmpty(): boolean {
    return this.#handlers.size === 0;
  }

  /**
   * @throws {InvalidRouteError} if the name or the handler is none, or the event has a handler
   * @throws {InvalidOptionError} if the schema is none
   */
  add(event: unknown, schema: unknown, handle: unknown): void {
    if (typeof event !== "string" || typeof handle !== "function") {
      throw new InvalidRouteError(
        `expected the name of an event and a function, but got ${describe(event)} and ${describe(handle)}`,
      );
    }
    const name = `on(${JSON.stringify(event)}) of ${this.#endpoint}`;
    if (this.#handlers.has(event))
      throw new InvalidRouteError(`expected one handler for each event, but this is another ${name}`);
    if (schema !== undefined && !isSchema(schema))
      throw new InvalidOptionError("schema", "a Standard Schema, such as one of zod", schema);
    this.#handlers.set(event, { name, schema, handle: handle as EventHandler["handle"] });
  }

  /** Handles an event. @returns a promise only where something has to be waited for */
  handle(ws: ReplySocket, message: EventMessage): Promise<void> | undefined {
    const handler = this.#handlers.get(message.event);
    if (handler === undefined) {
      const problem = `there is no event ${describe(message.event)}`;
      return sendEventError(ws, "unknown_event", problem, message);
    }
    if (handler.schema === undefined) return reply(ws, { message, handler }, message.data);
    const outcome = handler.schema["~standard"].validate(message.data);
    if (outcome instanceof Promise)
      return outcome.then((result) => replyIfValid(ws, { message, handler }, result));
    return replyIfValid(ws, { message, handler }, outcome);
  }
}

function replyIfValid(
  ws: ReplySocket,
  to: Recipient,
  outcome: StandardSchemaV1.Result<unknown>,
): Promise<void> | undefined {
  if (outcome.issues === undefined) return reply(ws, to, outcome.value);
  const problem = `the data of the event ${describe(to.message.event)} is not as expected`;
  return sendEventError(ws, "invalid_data", problem, to.message, outcome.issues.map(issueOf));
}

function reply(ws: ReplySocket, to: Recipient, data: unknown): Promise<void> | undefined {
  return sendReply(ws, to.handler.handle(data, ws as never), to, sendEventReply);
}

/** Without a value, only those who named their event are told that it was handled. */
function sendEventReply(
  ws: ReplySocket,
  value: unknown,
  { message, handler }: Recipient,
): Promise<void> | undefined {
  const { event, id } = message;
  const data = value instanceof JsonReply ? value.value : value;
  if (data === undefined && id === undefined) return undefined;
  if (data === undefined) return unlessSettled(ws.send(JSON.stringify({ event, id })));
  const text = jsonText(data, handler.name); // alone first, as within an object what can't be carried would be left out
  return unlessSettled(ws.send(envelope(event, text, id)));
}

function envelope(event: string, data: unknown, id: EventId | undefined): string {
  const head = `{"event":${JSON.stringify(event)},"data":${String(data)}`;
  return id === undefined ? `${head}}` : `${head},"id":${JSON.stringify(id)}}`;
}

/** Answers a message that could not be handled. The connection lives on. */
export function sendEventError(
  ws: ReplySocket,
  code: EventErrorCode,
  problem: string,
  { event, id }: Partial<EventMessage> = {},
  issues?: readonly EventIssue[],
): Promise<void> | undefined {
  // Neither `undefined` nor what is not there, is in JSON.
  const answer = { event, id, error: { code, message: problem, issues } };
  return unlessSettled(ws.send(JSON.stringify(answer)));
}

/**
 * Reads a text message as an event.
 *
 * @returns the code of an error if it is none
 */
export function readEvent(text: string): EventMessage | "invalid_json" | "invalid_event" {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "invalid_json";
  }
  if (typeof value !== "object" || value === null || !("event" in value) || typeof value.event !== "string")
    return "invalid_event";
  const { event, data, id } = value as {
    readonly event: string;
    readonly data?: unknown;
    readonly id?: unknown;
  };
  return isEventId(id) ? { event, data, id } : "invalid_event";
}

function isEventId(id: unknown): id is EventId | undefined {
  return id === undefined || typeof id === "string" || typeof id === "number";
}

function isSchema(schema: unknown): schema is StandardSchemaV1 {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) return false;
  const standard: unknown = Reflect.get(schema, "~standard");
  return typeof standard === "object" && standard !== null && "validate" in standard;
}

/** Only what JSON can carry of it. */
function issueOf({ message, path }: StandardSchemaV1.Issue): EventIssue {
  if (path === undefined || path.length === 0) return { message };
  return { message, path: path.map(segmentOf) };
}

function segmentOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "number" ? key : String(key);
}
