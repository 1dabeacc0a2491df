/**
 * Every error that Jackfield throws or rejects with:
 *
 *     Error
 *     └─ JackfieldError              has a stable `code`
 *        ├─ ConnectionClosedError    ERR_CONNECTION_CLOSED   receive or send after the close
 *        ├─ ConcurrentReceiveError   ERR_CONCURRENT_RECEIVE  two receives at once
 *        ├─ InvalidMessageError      ERR_INVALID_MESSAGE     send of something that is no message
 *        ├─ InvalidFrameError        ERR_INVALID_FRAME       sendFrame out of order or malformed
 *        ├─ InvalidCloseError        ERR_INVALID_CLOSE       close with a code or reason that may not be sent
 *        ├─ InvalidJsonError         ERR_INVALID_JSON        receiveJson of something that is no JSON
 *        ├─ BrokerError              ERR_BROKER              a broker that cannot be reached or is closed
 *        ├─ InvalidOptionError       ERR_INVALID_OPTION      a wrong option, at construction
 *        ├─ InvalidRouteError        ERR_INVALID_ROUTE       a route or handler that cannot be registered
 *        ├─ InvalidReplyError        ERR_INVALID_REPLY       a message handler returned something that can't be sent
 *        ├─ InvalidRoomError         ERR_INVALID_ROOM        a room that cannot be joined or spoken to
 *        ├─ InvalidUrlError          ERR_INVALID_URL         a URL that cannot be built from what was given
 *        ├─ SharedAreaError          ERR_SHARED_AREA         a shared area or a slice of one that cannot be had
 *        ├─ RunError                 ERR_RUN                 an application that cannot be run by the command
 *        ├─ SocketContextError       ERR_NO_SOCKET_CONTEXT   ws of jackfield/context, where there is no socket
 *        ├─ SubprotocolError         ERR_SUBPROTOCOL         a chosen subprotocol that was not offered
 *        ├─ UpgradeError             ERR_UPGRADE             an upgrade accepted twice, or after a refusal
 *        └─ WorkerError              ERR_WORKER              a thread of jackfield/worker that gives no answer
 */

/** Who ended a connection, how, and why. */
export interface CloseInfo {
  /** The close code (RFC 6455 §7.4): the peer's if it sent one first, else ours; 1006 if neither side said goodbye. */
  readonly code: number;
  /** The close reason that came with the code; empty if none did. */
  readonly reason: string;
  /**
   * Who began it: the `peer`; the `application` (a handler that called `close`, returned or threw); Jackfield
   * itself (`library`), because of an invalid frame or a limit; or the `network`, without a closing handshake.
   */
  readonly by: "peer" | "application" | "library" | "network";
  /** Whether the closing handshake was completed by both sides (RFC 6455 §7.1.4). */
  readonly clean: boolean;
}

/** The base of all errors of Jackfield. */
export abstract class JackfieldError extends Error {
  /** A stable name for programs; the message is for people and may change. */
  abstract readonly code: `ERR_${string}`;

  override get name(): string {
    return this.constructor.name;
  }
}

/** The connection is closed: nothing more can be received or sent. A handler may let it pass. */
export class ConnectionClosedError extends JackfieldError {
  readonly code = "ERR_CONNECTION_CLOSED";
  /** How the connection ended. */
  readonly close: CloseInfo;

  constructor(close: CloseInfo) {
    super(
      `the connection was closed by the ${close.by} with ${close.code}; check ws.connected, or stop at this error`,
    );
    this.close = close;
  }
}

/** `receive` was called while another `receive` of the same socket was waiting. */
export class ConcurrentReceiveError extends JackfieldError {
  readonly code = "ERR_CONCURRENT_RECEIVE";

  constructor() {
    super("expected one receive at a time, but another one is waiting on this socket; await it first");
  }
}

/** Something that is neither text nor bytes was given to `send`. */
export class InvalidMessageError extends JackfieldError {
  readonly code = "ERR_INVALID_MESSAGE";

  constructor(received: unknown) {
    super(
      `expected a string, a Uint8Array or an ArrayBuffer to send, but got ${describe(received)}; use sendJson for objects`,
    );
  }
}

/** A frame that must not be sent at this point, or at all (RFC 6455 §5.4, §5.5). */
export class InvalidFrameError extends JackfieldError {
  readonly code = "ERR_INVALID_FRAME";
}

/** A close code or reason that may not be sent (RFC 6455 §7.4). */
export class InvalidCloseError extends JackfieldError {
  readonly code = "ERR_INVALID_CLOSE";
}

/** A message was expected to be JSON and is not. */
export class InvalidJsonError extends JackfieldError {
  readonly code = "ERR_INVALID_JSON";

  constructor(cause: unknown) {
    super(`expected a message of JSON, but ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** An option that cannot be used. */
export class InvalidOptionError extends JackfieldError {
  readonly code = "ERR_INVALID_OPTION";
  /** The name of the option. */
  readonly option: string;
  /** The value that came. */
  readonly received: unknown;

  constructor(option: string, expected: string, received: unknown) {
    super(`option ${option}: expected ${expected}, but got ${describe(received)}`);
    this.option = option;
    this.received = received;
  }
}

/** A route that cannot be registered. */
export class InvalidRouteError extends JackfieldError {
  readonly code = "ERR_INVALID_ROUTE";
}

/** A message handler returned something that cannot be sent. */
export class InvalidReplyError extends JackfieldError {
  readonly code = "ERR_INVALID_REPLY";
  /** The name of the handler. */
  readonly handler: string;
  /** What it returned, or yielded. */
  readonly received: unknown;

  constructor(handler: string, expected: string, received: unknown, cause?: unknown) {
    super(`expected ${expected}, from ${handler}, but got ${describe(received)}`, { cause });
    this.handler = handler;
    this.received = received;
  }
}

/** A broker that did not take what it was given: it is closed, or cannot be reached. */
export class BrokerError extends JackfieldError {
  readonly code = "ERR_BROKER";
}

/** A room whose name is none, or that a socket cannot join. */
export class InvalidRoomError extends JackfieldError {
  readonly code = "ERR_INVALID_ROOM";
}

/** A URL that cannot be built: the route is unknown, or its variables or the address are not what they must be. */
export class InvalidUrlError extends JackfieldError {
  readonly code = "ERR_INVALID_URL";
}

/** A shared area that cannot be made or found, or a slice of it that is not there or is no text. */
export class SharedAreaError extends JackfieldError {
  readonly code = "ERR_SHARED_AREA";
}

/** What `jackfield run` cannot load, serve or keep running. */
export class RunError extends JackfieldError {
  readonly code = "ERR_RUN";
}

/** `ws` of `jackfield/context` was used where no handler of a socket runs. */
export class SocketContextError extends JackfieldError {
  readonly code = "ERR_NO_SOCKET_CONTEXT";

  constructor() {
    super(
      "expected code that runs for a socket, but no handler of one runs here; " +
        "use ws in a handler that began after jackfield/context was imported, " +
        "or in an HTTP handler behind sockets.context(), and ask hasSocketContext() where there may be none",
    );
  }
}

/** The application chose a subprotocol that the client did not offer (RFC 6455 §4.2.2). */
export class SubprotocolError extends JackfieldError {
  readonly code = "ERR_SUBPROTOCOL";
  /** What was chosen. */
  readonly chosen: unknown;
  /** What the client offered. */
  readonly offered: readonly string[];

  constructor(chosen: unknown, offered: readonly string[]) {
    const offers = offered.length > 0 ? offered.join(", ") : "none";
    super(`expected one of the offered subprotocols (${offers}) or undefined, but got ${describe(chosen)}`);
    this.chosen = chosen;
    this.offered = offered;
  }
}

/** An upgrade was accepted a second time, or after it had been refused, or without there being one. */
export class UpgradeError extends JackfieldError {
  readonly code = "ERR_UPGRADE";
}

/** Why a handler of `jackfield/worker` gives no answer. */
export type WorkerErrorReason = "busy" | "closed" | "late" | "unreadable";

/**
 * A handler of `jackfield/worker` gives no answer: too many messages wait, it was closed, it took too long, or what came
 * from the thread is neither an answer nor an error.
 */
export class WorkerError extends JackfieldError {
  readonly code = "ERR_WORKER";
  /** What it was. */
  readonly reason: WorkerErrorReason;

  constructor(reason: WorkerErrorReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** A short, safe description of a value for a message. */
export function describe(value: unknown): string {
  if (typeof value === "string")
    return value.length > 80 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === "function") return `the function ${value.name || "(anonymous)"}`;
  if (typeof value === "object" && value !== null) {
    const name: unknown = value.constructor?.name;
    return Array.isArray(value) ? "an array" : `an object (${typeof name === "string" ? name : "no class"})`;
  }
  return String(value);
}
