/** Makes a socket of a transport, without a route and without `Sockets`. */

import type { ConnectionObserver } from "../connection/connection-observer.js";
import type { HandshakeFacts } from "../connection/handshake-facts.js";
import { makeSocket } from "../connection/made-socket.js";
import { noRooms } from "../connection/no-rooms.js";
import type { Socket } from "../connection/socket.js";
import type { Transport } from "../connection/transport.js";
import { InvalidOptionError } from "../errors.js";
import { checkKnown } from "../routing/option-checks.js";
import { routeSettings, type RouteOptions } from "../routing/options.js";

const optionNames = [
  "pingInterval",
  "pongTimeout",
  "closeTimeout",
  "messageTimeout",
  "inbox",
  "rateLimit",
  "highWaterMark",
  "maxBufferedAmount",
  "overflow",
] as const;

/** What can be set for a socket that is opened by itself: the same as for a route, as far as it concerns a connection. */
export type OpenSocketOptions = Pick<RouteOptions, (typeof optionNames)[number]>;

/** What is known of the opening handshake, for `ws.request`, `ws.headers`, `ws.subprotocol` and so on. */
export type OpenSocketFacts<Params, Request> = Partial<HandshakeFacts<Params, Request>>;

/** What is misused, the promises of the socket tell. */
const nobody: ConnectionObserver = {
  released: () => undefined,
  drained: () => undefined,
  misused: () => undefined,
};

/**
 * Opens a socket over a transport on which the opening handshake is done. It is a socket as any handler gets it, but without
 * rooms. What comes before the first `receive` or loop waits for it. The caller closes it, and handles its own errors.
 *
 *     const ws = openSocket(streamTransport(stream), { target: "/echo" });
 *     for await (const message of ws) await ws.send(message);
 *     await ws.close();
 *
 * @param transport - one that was not started yet: of `streamTransport`, or of your own
 * @param facts - what is known of the handshake. @default nothing: no header fields, the target "/", no subprotocol
 * @throws {InvalidOptionError}
 */
export function openSocket<Params = Record<string, never>, Request = undefined>(
  transport: Transport,
  facts: OpenSocketFacts<Params, Request> = {},
  options: OpenSocketOptions = {},
): Socket<Params, Request> {
  if (typeof (transport as Partial<Transport> | null)?.start !== "function")
    throw new InvalidOptionError("transport", "a transport, such as streamTransport gives", transport);
  checkKnown(options, optionNames);
  const known = {
    request: undefined as Request,
    params: {} as Params,
    target: "/",
    rawHeaders: [],
    subprotocol: undefined,
    ...facts,
  };
  const { connection, socket } = makeSocket({
    transport,
    facts: known,
    settings: routeSettings(options, {}),
    observer: nobody,
    memberships: noRooms,
  });
  connection.start();
  return socket;
}
