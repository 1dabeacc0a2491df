/** What an application writes for a route. */

import type { Socket } from "../connection/socket.js";
import type { Message } from "../connection/transport.js";
import type { CloseInfo } from "../errors.js";

/** A loop over messages. When it returns, the connection is closed with 1000; when it throws, with 1011. */
export type LoopHandler<Params, Request> = (ws: Socket<Params, Request>) => unknown;

/**
 * Hooks instead of a loop: a plain object or an instance of a class. The cheapest form per message. A hook may be
 * asynchronous: the next message of the same socket waits for it.
 */
export interface Hooks<Params, Request> {
  /** The connection is open. Messages wait until it is done. */
  open?(ws: Socket<Params, Request>): unknown;
  /** A message came. */
  message?(ws: Socket<Params, Request>, message: Message): unknown;
  /** After sends had to wait, the peer has caught up. */
  drain?(ws: Socket<Params, Request>): unknown;
  /** The connection has ended; called once, after the last message. */
  close?(ws: Socket<Params, Request>, info: CloseInfo): unknown;
}

export type Handler<Params, Request> = LoopHandler<Params, Request> | Hooks<Params, Request>;
