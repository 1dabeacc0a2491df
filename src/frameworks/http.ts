/** Jackfield for servers of `node:http` and `node:https` without a framework. */

import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { ParamData } from "path-to-regexp";
import { NOT_FOUND, UPGRADE_REQUIRED, writeAnswer, writeWebResponse } from "../node/http-answer.js";
import { NodeSockets, serverOptions, startListening } from "../node/node-sockets.js";
import type { DispatchedUpgrade } from "../node/upgrade-taker.js";
import { endSwitch } from "../node/switching-protocols.js";
import { giveToListeners, isWatched } from "../node/seen-dispatch.js";
import {
  forwardedAddress,
  forwardedClient,
  trustedProxies,
  type IsTrusted,
  withoutProxyOptions,
  type ProxyOptions,
} from "../node/trusted-proxies.js";
import { failUpgradeOf, isUpgrade, type Verdict } from "../node/upgrade-of.js";
import { requestPath } from "../protocol/request-path.js";
import type { Handler } from "../routing/handler.js";
import type { RouteOptions, SocketsOptions } from "../routing/options.js";
import { pathOptions, withoutPathOptions, type PathOptions } from "../routing/path-options.js";
import { PathPattern } from "../routing/path-pattern.js";
import type { MatchedRoute } from "../routing/route-table.js";
import type { Route } from "../routing/route.js";
import type { RequestAddress } from "../routing/url.js";
import { contextListener } from "./http-context.js";
import type { HttpFramework, UpgradeRequestListener } from "./http-types.js";

export type { HttpFramework, UpgradeRequestListener };

/**
 * WebSocket routes for a server of `node:http` or `node:https`.
 *
 *     const sockets = new Sockets(server);
 *     sockets.route("/echo", async (ws) => {
 *       for await (const message of ws) await ws.send(message);
 *     });
 *
 * Paths are in the syntax of path-to-regexp 8: `/rooms/:id`, `/files/*path`, `/a{/:b}`. They are compared exactly, unless the
 * options `caseSensitive` and `ignoreTrailingSlash` say otherwise.
 */
export class Sockets extends NodeSockets<HttpFramework> {
  readonly #isTrusted: IsTrusted;
  readonly #pathOptions: PathOptions;
  #hasListeners = false;

  /**
   * @param server - the server to attach to; without one, see `init`, `attach` and `listen`
   * @throws {InvalidOptionError}
   */
  constructor(server?: Server, options: SocketsOptions<IncomingMessage> & ProxyOptions & PathOptions = {}) {
    super(withoutPathOptions(withoutProxyOptions(options)));
    this.#pathOptions = pathOptions(options);
    this.#isTrusted = trustedProxies(options.trustProxy);
    this.mountEarly();
    if (server !== undefined) this.init(server);
  }

  /** Attaches to a server, later than at construction. */
  init(server: Server): this {
    return this.attach(server);
  }

  /**
   * Makes a request listener for one's own routing: called for a WebSocket upgrade, it makes a socket of it; called
   * for any other request, it answers 426. The listeners of the server's `request` event are called for upgrades to
   * paths that have no route here.
   */
  upgrade(
    handler: Handler<Record<string, never>, IncomingMessage>,
    options: RouteOptions<IncomingMessage> = {},
  ): UpgradeRequestListener {
    const route = this.createNativeRoute(handler, options);
    this.#hasListeners = true;
    return (request, response) => {
      if (!isUpgrade(request)) return writeAnswer(response, UPGRADE_REQUIRED);
      this.#settle(
        request,
        () => this.arrive({ route, params: {}, message: request, request }),
        (verdict) => {
          if (typeof verdict === "object") return writeWebResponse(response, verdict);
          return verdict === "accepted" ? endSwitch(response) : writeAnswer(response, NOT_FOUND);
        },
      );
    };
  }

  /**
   * Makes a request listener in which `ws` of `jackfield/context` is the latest open socket of the request's identity.
   *
   * @throws {InvalidOptionError} without the option `identify`
   */
  context(listener: RequestListener): RequestListener {
    return contextListener(listener, this.socketFinder(), this.openSockets.settings.logger);
  }

  /** Answers for faults too, as there is no framework that would. */
  #settle(
    request: IncomingMessage,
    decide: () => Verdict | Promise<Verdict>,
    answer: (verdict: Verdict) => Promise<void> | void,
  ): void {
    const { logger } = this.openSockets.settings;
    try {
      const verdict = decide();
      const answered = verdict instanceof Promise ? verdict.then(answer) : answer(verdict);
      answered?.catch((error: unknown) => {
        if (!failUpgradeOf(request, error, logger))
          logger.error("jackfield: an upgrade failed after it was answered", error);
      });
    } catch (error) {
      if (!failUpgradeOf(request, error, logger)) throw error;
    }
  }

  protected override dispatch(upgrade: DispatchedUpgrade, server: Server): void {
    const found = this.routes.find(upgrade.path);
    if (typeof found === "object") {
      const isUnseen = server.listenerCount("upgrade") === 1 && !isWatched(server);
      this.#accept(upgrade, found, isUnseen);
    } else if (this.#hasListeners) giveToListeners(server, upgrade.request, upgrade.response);
    else upgrade.refuse(NOT_FOUND);
  }

  /** @param isUnseen - whether no other listener may have put something on the request */
  #accept(upgrade: DispatchedUpgrade, found: MatchedRoute, isUnseen: boolean): void {
    const route = found.route as Route<ParamData, IncomingMessage>;
    const { request } = upgrade;
    const { params } = found;
    const remoteAddress = this.clientOf(request);
    const acceptance = { sockets: this.openSockets, route, params, request, remoteAddress, isUnseen };
    const hasHooks = route.settings.before.length > 0;
    this.#settle(
      request,
      () => (hasHooks ? this.arrive({ ...acceptance, message: request }) : upgrade.accept(acceptance)),
      (verdict) => {
        if (typeof verdict === "object") return writeWebResponse(upgrade.response, verdict);
        return upgrade.complete();
      },
    );
  }

  protected override patternOf(path: string): PathPattern {
    return new PathPattern(path, this.#pathOptions);
  }

  protected override mount(): void {
    // The table of routes is all there is.
  }

  protected override addressOf(request: IncomingMessage): RequestAddress {
    return forwardedAddress(request, this.#isTrusted);
  }

  protected override clientOf(request: IncomingMessage): string | undefined {
    return forwardedClient(request, this.#isTrusted);
  }

  protected override startServer(port: number, host: string | undefined): Promise<Server> {
    const server = createServer(serverOptions, (request, response) => {
      const { path = "" } = requestPath(request.url ?? "/") ?? {};
      // What `upgrade()` made is not to be reached here.
      writeAnswer(response, typeof this.find(path) === "object" ? UPGRADE_REQUIRED : NOT_FOUND);
    });
    return startListening(server, port, host);
  }
}
