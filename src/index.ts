/** Jackfield for `node:http` and `node:https`, and what all frameworks share. */

export { Sockets, type UpgradeRequestListener } from "./frameworks/http.js";

export { Socket, type Sendable, type SessionOf } from "./connection/socket.js";
export type { Cookies } from "./connection/handshake-facts.js";
export type { ReceiveOptions } from "./connection/receive.js";
export type { Message } from "./connection/transport.js";
// All of it, so that applications can add to the interface that is in it.
export * from "./connection/socket-data.js";

export type { Handler, Hooks, LoopHandler } from "./routing/handler.js";
export type {
  CompressionOptions,
  ErrorFacts,
  Logger,
  RouteOptions,
  SocketsOptions,
  SubprotocolChoice,
} from "./routing/options.js";
export type { AllowedOrigins } from "./routing/origin.js";
export type { AnyParams, PathParams } from "./routing/path-params.js";
export type { DrainOptions } from "./routing/sockets.js";

export { CloseCode } from "./protocol/close-code.js";
export { Opcode } from "./protocol/opcode.js";
export {
  ConcurrentReceiveError,
  ConnectionClosedError,
  InvalidCloseError,
  InvalidFrameError,
  InvalidJsonError,
  InvalidMessageError,
  InvalidOptionError,
  InvalidRouteError,
  JackfieldError,
  SubprotocolError,
  UpgradeError,
  type CloseInfo,
} from "./errors.js";
