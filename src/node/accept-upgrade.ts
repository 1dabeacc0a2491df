/** Makes a socket of an upgrade, for servers without a framework and without `Sockets`. */

import { ServerResponse, type IncomingMessage } from "node:http";
import { Socket as NetSocket } from "node:net";
import type { Duplex } from "node:stream";
import type { Socket } from "../connection/socket.js";
import { InvalidOptionError, UpgradeError } from "../errors.js";
import { OpenSockets } from "../routing/open-sockets.js";
import { checkKnown, routeOptionNames, socketsSettings, type RouteOptions } from "../routing/options.js";
import { Route } from "../routing/route.js";
import { FAILED, UPGRADE_REQUIRED, answerUpgrade, writeWebResponse } from "./http-answer.js";
import { ignoreErrors } from "./ignore-errors.js";
import { judgeUpgrade } from "./judge-upgrade.js";
import { PendingUpgrade } from "./pending-upgrade.js";

/** A socket of `acceptUpgrade`: there is no path of which it would know the variables. */
export type AcceptedSocket = Socket<Record<string, never>, IncomingMessage>;

/** What can be set for a socket of `acceptUpgrade`: all that can be set for a route but its hooks and its name. */
export type AcceptOptions = Omit<RouteOptions<IncomingMessage>, "before" | "name">;

const NO_OPTIONS: AcceptOptions = {};
const optionNames = routeOptionNames.filter((name) => name !== "before" && name !== "name");
const settings = socketsSettings({});
const open = new OpenSockets(settings, []);

/** Takes the sockets of one set of options, so that these are checked once. */
class Acceptor {
  readonly #route: Route<Record<string, never>, IncomingMessage>;
  #accepted: AcceptedSocket | undefined;

  constructor(options: AcceptOptions) {
    checkKnown(options, optionNames);
    const take = (ws: AcceptedSocket): Promise<unknown> => {
      this.#accepted = ws;
      return ws.whenClosed;
    };
    this.#route = new Route("acceptUpgrade()", take, options, {});
  }

  /** @throws what the functions among the options throw; the client has its answer then */
  accept(upgrade: PendingUpgrade): AcceptedSocket | undefined {
    const { request } = upgrade;
    upgrade.claim(open);
    try {
      const verdict = upgrade.accept({ sockets: open, route: this.#route, params: {}, request });
      if (verdict instanceof Response) writeWebResponse(upgrade.response, verdict).catch(ignoreErrors);
    } catch (error) {
      upgrade.refuse(FAILED);
      throw error;
    }
    const accepted = this.#accepted;
    this.#accepted = undefined;
    return accepted;
  }
}

const acceptors = new WeakMap<AcceptOptions, Acceptor>();

/** The requests that have come, so that none is answered twice. */
const seen = new WeakSet<IncomingMessage>();

/**
 * Answers an opening handshake (RFC 6455 §4.2) and gives the socket. Call it once for each `upgrade` event, before
 * anything else is done with the connection; whose paths are whose, is the caller's to decide.
 *
 *     server.on("upgrade", async (request, socket, head) => {
 *       const ws = acceptUpgrade(request, socket, head);
 *       if (ws === undefined) return; // it was refused, and the client has the answer
 *       for await (const message of ws) await ws.send(message);
 *       await ws.close();
 *     });
 *
 * Whatever it throws because of the options, the client gets a 500 and the connection ends: none is left hanging. What
 * the caller's own code throws afterwards is the caller's affair; the socket stays open then.
 *
 * @param socket - that of the event; if it is none of Node's, there is nobody to answer
 * @param head - the bytes that came behind the request
 * @param options - best one object for all calls, as it is checked the first time that it comes
 * @returns `undefined` if there is no socket: the handshake was no valid one, or the options refuse it, and the client
 *   got an HTTP answer; or the client has gone, or didn't wait for the answers to its earlier requests and was dropped
 * @throws {InvalidOptionError}
 * @throws {SubprotocolError} if the function `subprotocols` chooses one that was not offered
 * @throws {UpgradeError} if it was called for this request before; that call's connection goes on
 */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: AcceptOptions = NO_OPTIONS,
): AcceptedSocket | undefined {
  if (!(socket instanceof NetSocket))
    throw new InvalidOptionError("socket", "the socket of a server's upgrade event", socket);
  if (seen.has(request)) {
    throw new UpgradeError(
      "expected one call of acceptUpgrade for each request, but this is another one; keep the socket of the first",
    );
  }
  seen.add(request);
  const acceptor = acceptorFor(options, request, socket);
  if (hasEarlierResponse(socket)) socket.destroy(); // ours would come before it
  if (!socket.writable) return undefined;
  const handshake = judgeUpgrade(request, Reflect.get(socket, "server"));
  if (handshake.kind === "valid")
    return acceptor.accept(
      new PendingUpgrade({ request, socket, head, handshake }, settings.handshakeTimeout),
    );
  answerUpgrade(request, socket, handshake.kind === "plain" ? UPGRADE_REQUIRED : handshake);
  return undefined;
}

/** @throws {InvalidOptionError} the client has its answer then */
function acceptorFor(options: AcceptOptions, request: IncomingMessage, socket: NetSocket): Acceptor {
  const known = acceptors.get(options);
  if (known !== undefined) return known;
  try {
    const acceptor = new Acceptor(options);
    acceptors.set(options, acceptor);
    return acceptor;
  } catch (error) {
    answerUpgrade(request, socket, FAILED);
    throw error;
  }
}

/** Whether a client sent its upgrade before it had the responses to earlier requests (RFC 9112 §9.3.2). */
function hasEarlierResponse(socket: NetSocket): boolean {
  return Reflect.get(socket, "_httpMessage") instanceof ServerResponse; // the response that the socket is assigned to
}
