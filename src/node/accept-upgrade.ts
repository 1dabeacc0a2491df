/** Makes a socket of an upgrade, for servers without a framework and without `Sockets`. */

import { Server, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import type { HandshakeFacts } from "../connection/handshake-facts.js";
import { makeSocket } from "../connection/made-socket.js";
import { noRooms } from "../connection/no-rooms.js";
import type { ConnectionSettings } from "../connection/settings.js";
import type { Socket } from "../connection/socket.js";
import type { Transport } from "../connection/transport.js";
import { InvalidOptionError, UpgradeError } from "../errors.js";
import { ConnectionLimits } from "../routing/connection-limits.js";
import { publishClosed, publishOpened } from "../routing/diagnostics.js";
import { checkKnown, routeOptionNames } from "../routing/option-checks.js";
import { routeSettings, socketsSettings, type RouteOptions } from "../routing/options.js";
import { FAILED, UPGRADE_REQUIRED, answerUpgrade, writeWebResponse } from "./http-answer.js";
import { guardErrors, ignoreErrors } from "./ignore-errors.js";
import { judgeUpgrade } from "./judge-upgrade.js";
import { PendingUpgrade } from "./pending-upgrade.js";
import { responseOn } from "./server-classes.js";
import { noOthers } from "./upgrade-interception.js";
import type { UpgradeRoute, UpgradeSockets } from "./upgrade-of.js";

/** A socket of `acceptUpgrade`: there is no path of which it would know the variables. */
export type AcceptedSocket = Socket<Record<string, never>, IncomingMessage>;

const notForOne = ["before", "name", "maxRooms"] as const;

/**
 * What can be set for a socket of `acceptUpgrade`: all that can be set for a route but its hooks and its name,
 * and rooms, which belong to `Sockets`.
 */
export type AcceptOptions = Omit<RouteOptions<IncomingMessage>, (typeof notForOne)[number]>;

const NO_OPTIONS: AcceptOptions = {};
const optionNames = routeOptionNames.filter((name) => !(notForOne as readonly string[]).includes(name));
const { handshakeTimeout, logger } = socketsSettings({});
const NAME = "acceptUpgrade()";

/** Takes the sockets of one set of options, so that these are checked once. */
class Acceptor {
  readonly #route: UpgradeRoute;
  #accepted: AcceptedSocket | undefined;
  readonly #sockets: UpgradeSockets<Record<string, never>, IncomingMessage, UpgradeRoute> = {
    limits: new ConnectionLimits({ maxConnections: Infinity, maxConnectionsPerAddress: Infinity }),
    isDraining: false,
    identify: () => undefined,
    open: ({ transport, facts }) => {
      this.#accepted = openAccepted(transport, facts, this.#route.settings);
    },
  };

  constructor(options: AcceptOptions) {
    checkKnown(options, optionNames);
    this.#route = { name: NAME, settings: routeSettings({ ...options, maxRooms: 0 }, {}) };
  }

  /** @throws what the functions among the options throw; the client has its answer then */
  accept(upgrade: PendingUpgrade): AcceptedSocket | undefined {
    const { request } = upgrade;
    try {
      const verdict = upgrade.accept({
        sockets: this.#sockets,
        route: this.#route,
        params: {},
        request,
        remoteAddress: request.socket.remoteAddress,
      });
      if (typeof verdict === "object") writeWebResponse(upgrade.response, verdict).catch(ignoreErrors);
    } catch (error) {
      upgrade.refuse(FAILED);
      throw error;
    }
    const accepted = this.#accepted;
    this.#accepted = undefined;
    return accepted;
  }
}

/** Opens a socket that nothing supervises but its caller. */
function openAccepted(
  transport: Transport,
  facts: HandshakeFacts<Record<string, never>, IncomingMessage>,
  settings: ConnectionSettings,
): AcceptedSocket {
  const { connection, socket } = makeSocket({
    transport,
    facts,
    settings,
    memberships: noRooms,
    observer: {
      drained: () => undefined,
      misused: (error) => logger.error(`jackfield: a socket of ${NAME} was misused`, error),
      released: () => publishClosed(socket, NAME),
    },
  });
  publishOpened(socket, NAME, facts.target);
  connection.start();
  return socket;
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
  if (!(socket instanceof Duplex))
    throw new InvalidOptionError("socket", "the socket of a server's upgrade event", socket);
  if (seen.has(request)) {
    throw new UpgradeError(
      "expected one call of acceptUpgrade for each request, but this is another one; keep the socket of the first",
    );
  }
  seen.add(request);
  guardErrors(socket);
  const server = serverOf(request);
  const acceptor = checkArguments({ request, socket, head, server }, options);
  if (responseOn(socket) !== undefined) socket.destroy(); // ours would come before that to an earlier request
  if (!socket.writable) return undefined;
  const handshake = judgeUpgrade(request, server);
  if (handshake.kind !== "valid") {
    answerUpgrade(request, socket, handshake.kind === "plain" ? UPGRADE_REQUIRED : handshake, server);
    return undefined;
  }
  const upgrade = new PendingUpgrade(
    { request, socket, head, others: noOthers },
    {
      server,
      timeout: handshakeTimeout,
      asksEarlier: false,
      judge: () => ({ event: "claim", handshake, takers: [] }),
      failed: (error) => logger.error("jackfield: an upgrade failed after it was answered", error),
    },
  );
  upgrade.begin();
  return acceptor.accept(upgrade);
}

interface Arguments {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly server: Server | undefined;
}

/** Ends the connection where the caller has made a mistake. @throws {InvalidOptionError} */
function checkArguments({ request, socket, head, server }: Arguments, options: AcceptOptions): Acceptor {
  try {
    if (!Buffer.isBuffer(head)) throw new InvalidOptionError("head", "the bytes of the upgrade event", head);
    const acceptor = acceptors.get(options) ?? new Acceptor(options);
    acceptors.set(options, acceptor);
    return acceptor;
  } catch (error) {
    answerUpgrade(request, socket, FAILED, server);
    throw error;
  }
}

/** Node's own sockets know their server. */
function serverOf({ socket }: IncomingMessage): Server | undefined {
  const server: unknown = Reflect.get(socket, "server");
  return server instanceof Server ? server : undefined;
}
