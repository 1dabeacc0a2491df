/** What the `Sockets` of all frameworks on Node's servers have in common. */

import { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerOptions } from "node:http";
import type { ServerOptions as SecureServerOptions } from "node:https";
import type { Http2SecureServer, Http2Server } from "node:http2";
import { now, sleep } from "../base/timers.js";
import { InvalidOptionError } from "../errors.js";
import { requestPath } from "../protocol/request-path.js";
import { runBeforeHooks } from "../routing/before.js";
import type { Framework } from "../routing/framework.js";
import { DEFAULT_GRACE, type DrainOptions } from "../routing/open-sockets.js";
import type { AnyRoute, Route } from "../routing/route.js";
import { SocketsCore } from "../routing/sockets.js";
import { carry } from "./carried-sockets.js";
import { GOING_DOWN, asWebResponse } from "./http-answer.js";
import { listenForUpgrades, stopListeningForUpgrades } from "./upgrade-listener.js";
import { acceptUpgradeOf, isUpgrade, type Verdict } from "./upgrade-of.js";
import type { DispatchedUpgrade, UpgradeTaker } from "./upgrade-taker.js";

/** How long a client may take to send the head of a request, in milliseconds; Node's own limit is a minute. */
const HEADERS_TIMEOUT = 9_000;

/** A server of Node. One of HTTP/2 has WebSockets over HTTP/1.1 only: with its option `allowHTTP1`. */
export type HttpServer = Server | Http2Server | Http2SecureServer;

/** A request that has come to a route. */
export interface Arrival<Params, Request> {
  readonly route: Route<Params, Request>;
  readonly params: Params;
  /** Node's request. */
  readonly message: IncomingMessage;
  /** The framework's own request. */
  readonly request: Request;
}

export abstract class NodeSockets<Types extends Framework> extends SocketsCore<Types> {
  readonly #taker: UpgradeTaker = {
    openSockets: this.openSockets,
    routes: this.routes,
    find: (path) => this.find(path),
    dispatch: (upgrade, server) => {
      useOriginForm(upgrade.request);
      this.dispatch(upgrade, server);
    },
  };
  /** Those whose upgrades are taken, */
  readonly #attached = new Set<Server>();
  /** and those of them that `listen` has made. */
  readonly #servers = new Set<Server>();
  #hasWarned = false;

  /** Runs the request of an upgrade through the framework. @internal */
  protected abstract dispatch(upgrade: DispatchedUpgrade, server: Server): void;
  /** The client's address, as the framework tells it with the proxies that it trusts. @internal */
  protected abstract clientOf(request: Types["request"]): string | undefined;
  /** Starts the server for `listen`. @internal */
  protected abstract startServer(port: number, host: string | undefined): Promise<Server>;

  /** Which route a path leads to; `"unsure"` if only the framework can tell whether it leads to one. @internal */
  protected find(path: string): AnyRoute | "unsure" | undefined {
    const found = this.routes.find(path);
    return typeof found === "object" ? found.route : found;
  }

  /** Takes the upgrades of a server made by hand: `node:http` or `node:https`, one or several. */
  attach(server: HttpServer): this {
    if (!(server instanceof EventEmitter))
      throw new InvalidOptionError("server", "a server of node:http or node:https", server);
    listenForUpgrades(server as Server, this.#taker);
    this.#attached.add(server as Server);
    carry(server, this);
    return this;
  }

  /**
   * Makes a server, attaches to it and has it listen.
   *
   * @param port - 0 for any that is free
   * @returns the server, listening
   * @throws whatever `server.listen` fails with, such as EADDRINUSE
   */
  async listen(port: number, host?: string): Promise<Server> {
    const server = await this.startServer(port, host);
    this.attach(server);
    this.#servers.add(server);
    return server;
  }

  /**
   * Ends all sockets, and then the servers that `listen` made. HTTP requests may end within what is left of the grace
   * period. See {@link SocketsCore.close}.
   */
  override async close(options: DrainOptions = {}): Promise<void> {
    const graceEnd = now() + (options.grace ?? DEFAULT_GRACE);
    await super.close(options);
    for (const server of this.#attached) stopListeningForUpgrades(server, this.#taker);
    this.#attached.clear();
    const servers = [...this.#servers];
    this.#servers.clear();
    const graceLeft = Math.max(0, graceEnd - now());
    await Promise.all(servers.map((server) => closeServer(server, graceLeft)));
  }

  /** Has the framework's `listen`, of this one app, carry the sockets along. @internal */
  protected carryAlong(app: { listen: (...args: never[]) => Server }): void {
    const listen = app.listen.bind(app) as (...args: unknown[]) => Server;
    app.listen = (...args: unknown[]): Server => {
      const server = listen(...args);
      this.attach(server);
      return server;
    };
  }

  /**
   * Lets the hooks of a route have their turn, and then the route.
   *
   * @returns a promise only where there are hooks
   * @internal
   */
  protected arrive<Params>(arrival: Arrival<Params, Types["request"]>): Verdict | Promise<Verdict> {
    const { route, params, message, request } = arrival;
    const { before } = route.settings;
    if (!isUpgrade(message)) return this.#judgePlain(message, route);
    const accept = (): Verdict => {
      const remoteAddress = this.clientOf(request);
      return acceptUpgradeOf(message, { sockets: this.openSockets, route, params, request, remoteAddress });
    };
    if (before.length === 0) return accept();
    return runBeforeHooks(before, request, params).then((answer) => answer ?? accept());
  }

  /** A plain request, or an upgrade to a server that none of ours listens to (any more): Node serves it as such. */
  #judgePlain({ headers }: IncomingMessage, { name }: AnyRoute): Verdict {
    if (!/^websocket$/i.test(headers.upgrade ?? "")) return "passed";
    if (this.isDraining) return asWebResponse(GOING_DOWN);
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      this.openSockets.settings.logger.warn(
        `jackfield: a client asked for the WebSocket ${name}, but over a server that the sockets don't know of; ` +
          "call sockets.attach(server)",
      );
    }
    return "passed";
  }
}

/**
 * Leaves of a target that is a whole URL what comes behind the authority (RFC 9112 §3.2.2): what stands before a route and looks
 * at `request.url`, as a guard may, sees the path that the route is found by.
 */
function useOriginForm(request: IncomingMessage): void {
  const { url = "/" } = request;
  if (url.startsWith("/")) return;
  const { path = "/", query = "" } = requestPath(url) ?? {};
  request.url = url.includes("?") ? `${path}?${query}` : path;
}

/** What a server of ours is made with. */
export const serverOptions: ServerOptions = {
  headersTimeout: HEADERS_TIMEOUT,
  connectionsCheckingInterval: 1_000,
};

/** What one with TLS is made with besides its certificate: Node's own limit for the handshake is two minutes. */
export const secureServerOptions: SecureServerOptions = {
  ...serverOptions,
  handshakeTimeout: HEADERS_TIMEOUT,
};

/** @throws whatever `server.listen` fails with */
export async function startListening(
  server: Server,
  port: number,
  host: string | undefined,
): Promise<Server> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server;
}

async function closeServer(server: Server, grace: number): Promise<void> {
  const late = new AbortController();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const graceOver = sleep(grace, { signal: late.signal }).catch(() => undefined);
  await Promise.race([closed, graceOver]);
  late.abort();
  server.closeAllConnections();
}
