/** Makes a socket over a transport: the one place for those of `Sockets`, of `openSocket`, of `acceptUpgrade` and of clients. */

import { Connection } from "./connection.js";
import type { ConnectionObserver } from "./connection-observer.js";
import type { HandshakeFacts } from "./handshake-facts.js";
import { LimitedConnection } from "./limited-connection.js";
import type { Memberships } from "./memberships.js";
import type { ConnectionSettings } from "./settings.js";
import { Socket } from "./socket.js";
import type { Transport } from "./transport.js";

/** What a socket is made of. */
export interface SocketParts<Params, Request> {
  readonly transport: Transport;
  readonly facts: HandshakeFacts<Params, Request>;
  readonly settings: ConnectionSettings;
  readonly observer: ConnectionObserver;
  readonly memberships: Memberships;
}

export interface MadeSocket<Params, Request> {
  /** To be started: until then, nothing is read. */
  readonly connection: Connection;
  readonly socket: Socket<Params, Request>;
}

export function makeSocket<Params, Request>({
  transport,
  facts,
  settings,
  observer,
  memberships,
}: SocketParts<Params, Request>): MadeSocket<Params, Request> {
  const { rateLimit } = settings;
  const connection =
    rateLimit === undefined
      ? new Connection(transport, settings, observer)
      : new LimitedConnection(transport, settings, rateLimit, observer);
  return { connection, socket: new Socket(connection, facts, memberships) };
}
