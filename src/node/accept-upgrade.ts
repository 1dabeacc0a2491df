/** Makes a socket of an upgrade, for servers without a framework and without `Sockets`. */

import type { IncomingMessage } from "node:http";
import { Socket as NetSocket } from "node:net";
import type { Duplex } from "node:stream";
import type { Socket } from "../connection/socket.js";
import { InvalidOptionError } from "../errors.js";
import { judgeHandshake } from "../protocol/server-handshake.js";
import { OpenSockets } from "../routing/open-sockets.js";
import { socketsSettings, type RouteOptions } from "../routing/options.js";
import { Route } from "../routing/route.js";
import { UPGRADE_REQUIRED, answerUpgrade, writeWebResponse } from "./http-answer.js";
import { ignoreErrors } from "./ignore-errors.js";
import { PendingUpgrade } from "./pending-upgrade.js";

/** A socket of `acceptUpgrade`: there is no path of which it would know the variables. */
export type AcceptedSocket = Socket<Record<string, never>, IncomingMessage>;

/** What can be set for a socket of `acceptUpgrade`: all that can be set for a route but its hooks and its name. */
export type AcceptOptions = Omit<RouteOptions<IncomingMessage>, "before" | "name">;

const NO_OPTIONS: AcceptOptions = {};
const settings = socketsSettings({});
const open = new OpenSockets(settings, []);

/** Takes the sockets of one set of options, so that these are checked once. */
class Acceptor {
  readonly #route: Route<Record<string, never>, IncomingMessage>;
  #accepted: AcceptedSocket | undefined;

  constructor(options: AcceptOptions) {
    const take = (ws: AcceptedSocket): Promise<unknown> => {
      this.#accepted = ws;
      return ws.whenClosed;
    };
    this.#route = new Route("acceptUpgrade()", take, options, {});
  }

  accept(upgrade: PendingUpgrade): AcceptedSocket | undefined {
    const { request } = upgrade;
    upgrade.claim(open);
    const verdict = upgrade.accept({ sockets: open, route: this.#route, params: {}, request });
    if (verdict instanceof Response) writeWebResponse(upgrade.response, verdict).catch(ignoreErrors);
    const accepted = this.#accepted;
    this.#accepted = undefined;
    return accepted;
  }
}

const acceptors = new WeakMap<AcceptOptions, Acceptor>();

/**
 * Answers an opening handshake (RFC 6455 §4.2) and gives the socket. Call it in the `upgrade` event, before anything
 * else is done with the connection; whose paths are whose, is the caller's to decide.
 *
 *     server.on("upgrade", async (request, socket, head) => {
 *       const ws = acceptUpgrade(request, socket, head);
 *       if (ws === undefined) return; // it was refused, and the client has the answer
 *       for await (const message of ws) await ws.send(message);
 *       await ws.close();
 *     });
 *
 * @param head - the bytes that came behind the request
 * @param options - best one object for all calls, as it is checked the first time that it comes
 * @returns `undefined` if the handshake was no valid one, or the options refuse it: the client got an HTTP answer
 * @throws {InvalidOptionError}
 * @throws {SubprotocolError} if the function `subprotocols` chooses one that was not offered
 */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: AcceptOptions = NO_OPTIONS,
): AcceptedSocket | undefined {
  if (!(socket instanceof NetSocket))
    throw new InvalidOptionError("socket", "the socket of a server's upgrade event", socket);
  const acceptor = acceptors.get(options) ?? new Acceptor(options);
  acceptors.set(options, acceptor);
  const { method = "", httpVersion, url: target = "", rawHeaders } = request;
  const handshake = judgeHandshake({ method, httpVersion, target, rawHeaders });
  if (handshake.kind === "valid")
    return acceptor.accept(
      new PendingUpgrade({ request, socket, head, handshake }, settings.handshakeTimeout),
    );
  answerUpgrade(request, socket, handshake.kind === "plain" ? UPGRADE_REQUIRED : handshake);
  return undefined;
}
