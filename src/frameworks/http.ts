/** Jackfield for servers of `node:http` and `node:https` without a framework. */

import {
  createServer,
  type Server,
  type IncomingMessage,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { Handler } from "../routing/handler.js";
import type { RouteOptions, SocketsOptions } from "../routing/options.js";
import type { PathParams } from "../routing/path-params.js";
import { PathPattern } from "../routing/path-pattern.js";
import type { Route } from "../routing/route.js";
import { requestPath } from "../protocol/request-path.js";
import { NodeSockets } from "../node/node-sockets.js";
import { acceptUpgradeOf, failUpgradeOf, type PendingUpgrade } from "../node/pending-upgrade.js";
import { writeAnswer } from "../node/http-answer.js";

interface MatchedRoute {
  readonly pattern: PathPattern;
  readonly route: Route<never, IncomingMessage>;
}

/** A request listener that makes a socket of an upgrade, to be called from one's own routing. */
export type UpgradeRequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * WebSocket routes for a server of `node:http` or `node:https`.
 *
 *     const sockets = new Sockets(server);
 *     sockets.route("/echo", async (ws) => {
 *       for await (const message of ws) await ws.send(message);
 *     });
 */
export class Sockets extends NodeSockets<IncomingMessage> {
  readonly #routes: MatchedRoute[] = [];
  #hasListeners = false;

  /**
   * @param server - the server to attach to; without one, see `init`, `attach` and `listen`
   * @throws {InvalidOptionError}
   */
  constructor(server?: Server, options: SocketsOptions = {}) {
    super(options);
    if (server !== undefined) this.init(server);
  }

  /** Attaches to a server, later than at construction. */
  init(server: Server): this {
    return this.attach(server);
  }

  /**
   * Adds a route.
   *
   * @param path - in the syntax of path-to-regexp 8: `/rooms/:id`, `/files/*path`, `/a{/:b}`
   * @param handler - a loop over messages, or hooks
   * @throws {InvalidRouteError} if the path or the handler is none
   * @throws {InvalidOptionError}
   */
  route<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path>, IncomingMessage>,
    options: RouteOptions = {},
  ): this {
    this.#routes.push({ pattern: new PathPattern(path), route: this.createRoute(path, handler, options) });
    return this;
  }

  /**
   * Makes a request listener for one's own routing: called for a WebSocket upgrade, it makes a socket of it; called
   * for any other request, it answers 426. The listeners of the server's `request` event are called for upgrades to
   * paths that have no route here.
   */
  upgrade(
    handler: Handler<Record<string, never>, IncomingMessage>,
    options: RouteOptions = {},
  ): UpgradeRequestListener {
    const route = this.createRoute("upgrade()", handler, options);
    this.#hasListeners = true;
    return (request, response) => {
      try {
        if (!acceptUpgradeOf(request, { sockets: this, route, params: {}, request }))
          answerPlainRequest(response, true);
      } catch (error) {
        // There is no framework that would answer for a fault.
        if (!failUpgradeOf(request, error, this.settings.logger)) throw error;
      }
    };
  }

  override claims(path: string): boolean | undefined {
    if (this.#find(path) !== undefined) return true;
    return this.#hasListeners ? undefined : false;
  }

  override dispatch(upgrade: PendingUpgrade, server: Server): void {
    const found = this.#find(upgrade.path);
    if (found !== undefined) {
      const { route, params } = found;
      const isUnseen = server.listenerCount("upgrade") === 1; // another listener may have put something on the request
      upgrade.accept({ sockets: this, route, params, request: upgrade.request, isUnseen });
    } else if (this.#hasListeners) {
      server.emit("request", upgrade.request, upgrade.response);
    } else {
      upgrade.refuse({ status: 404, reason: "There is no WebSocket here." });
    }
  }

  #find(path: string): { readonly route: Route<never, IncomingMessage>; readonly params: never } | undefined {
    for (const { pattern, route } of this.#routes) {
      const params = pattern.match(path);
      if (params !== undefined) return { route, params: params as never };
    }
    return undefined;
  }

  protected override createServer(options: ServerOptions): Server {
    return createServer(options, (request, response) => {
      answerPlainRequest(response, this.#find(pathOf(request)) !== undefined);
    });
  }
}

function pathOf(request: IncomingMessage): string {
  return requestPath(request.url ?? "/")?.path ?? "";
}

function answerPlainRequest(response: ServerResponse, isSocketRoute: boolean): void {
  if (!isSocketRoute) return writeAnswer(response, { status: 404, reason: "There is nothing here." });
  const headers = [["Upgrade", "websocket"]] as const;
  writeAnswer(response, {
    status: 426,
    reason: "This is a WebSocket; connect to it with ws:// or wss://.",
    headers,
  });
}
