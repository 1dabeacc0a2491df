/** Jackfield for `node:http` and `node:https`, and what all frameworks share. */

export { Sockets, type HttpFramework, type UpgradeRequestListener } from "./frameworks/http.js";
export { acceptUpgrade, type AcceptOptions, type AcceptedSocket } from "./node/accept-upgrade.js";
export { openSocket, type OpenSocketFacts, type OpenSocketOptions } from "./node/open-socket.js";
export { streamTransport, type StreamTransportOptions } from "./node/stream-transport.js";
export type { ProxyOptions, TrustProxy } from "./node/trusted-proxies.js";

export { Socket } from "./connection/socket.js";
export type { SessionOf } from "./connection/session-of.js";
export { SharedArea } from "./connection/shared-area.js";
export type { Cookies, HandshakeFacts } from "./connection/handshake-facts.js";
export type { ReceiveOptions } from "./connection/receive.js";
export type { Message, Transport, TransportEvents } from "./connection/transport.js";
// All of it, so that applications can add to the interface that is in it.
export * from "./connection/socket-data.js";

export { PreparedMessage, type SendOptions, type Sendable } from "./connection/prepared-message.js";
export type { OverflowCounts, OverflowMode } from "./connection/overflow.js";
export { Audience, type AudienceSendOptions } from "./rooms/audience.js";
export type { Broker, BrokerLink, BrokerListener } from "./rooms/broker.js";
export { ClusterBroker, type ClusterBrokerOptions } from "./rooms/cluster-broker.js";
export { ClusterHub, type ClusterHubOptions } from "./rooms/cluster-hub.js";
export { MemoryBroker } from "./rooms/memory-broker.js";
export type { BrokerLogger, NetworkOptions } from "./rooms/network-settings.js";
export type { ProcessChannel } from "./rooms/process-channel.js";
export { Room } from "./rooms/room.js";
export type { RoomOptions } from "./rooms/rooms.js";
export type { BeforeHook } from "./routing/before.js";
export { Blueprint, type BlueprintOptions, type RegisterOptions } from "./routing/blueprint.js";
export { Endpoint, RoutedEndpoint, type EndpointOptions } from "./routing/endpoint.js";
export type { EventErrorCode, EventErrorMessage, EventId, EventIssue } from "./routing/event-handlers.js";
export type { AnyFramework, Framework, ParamsIn } from "./routing/framework.js";
export type { Handler, Hooks, LoopHandler } from "./routing/handler.js";
export type { Identity, IdentityAudience } from "./routing/identities.js";
export {
  MessageHandlers,
  type EventHandler,
  type MessageHandler,
  type PatternHandler,
} from "./routing/message-handlers.js";
export { json, JsonReply, type Reply, type SingleReply } from "./routing/reply.js";
export type { RouteDecorator } from "./routing/method-decorator.js";
export type {
  CompressionOptions,
  ErrorFacts,
  Logger,
  RateLimitOptions,
  RouteOptions,
  SocketsOptions,
  SubprotocolChoice,
} from "./routing/options.js";
export type { AllowedOrigins } from "./routing/origin.js";
export type { PathOptions } from "./routing/path-options.js";
export type { AnyParams, PathParams } from "./routing/path-params.js";
export type { DrainOptions } from "./routing/open-sockets.js";
export { Publisher, type RemoteRoute } from "./routing/publisher.js";
export { Route } from "./routing/route.js";
// All of it, so that applications can add to the interface that is in it.
export * from "./routing/route-names.js";
export type { UrlArguments, UrlFor, UrlOptions, UrlParams } from "./routing/url.js";

export { CloseCode, type Failure } from "./protocol/close-code.js";
export { Opcode, type Role } from "./protocol/opcode.js";
export {
  BrokerError,
  ConcurrentReceiveError,
  ConnectionClosedError,
  InvalidCloseError,
  InvalidFrameError,
  InvalidJsonError,
  InvalidMessageError,
  InvalidOptionError,
  InvalidReplyError,
  InvalidRoomError,
  InvalidRouteError,
  InvalidUrlError,
  JackfieldError,
  SharedAreaError,
  RunError,
  SocketContextError,
  SubprotocolError,
  UpgradeError,
  WorkerError,
  type CloseInfo,
  type WorkerErrorReason,
} from "./errors.js";
