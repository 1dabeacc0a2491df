/** What the `Sockets` of all frameworks on Node's servers have in common. */

import { EventEmitter } from "node:events";
import type { Server, ServerOptions } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { LONGEST_TIMEOUT } from "../connection/timer-wheel.js";
import { InvalidOptionError } from "../errors.js";
import { DEFAULT_GRACE, SocketsCore, type DrainOptions } from "../routing/sockets.js";
import type { PendingUpgrade } from "./pending-upgrade.js";
import { listenForUpgrades, type UpgradeTaker } from "./upgrade-listener.js";

/** How long a client may take to send the head of a request, in milliseconds; Node's own limit is a minute. */
const HEADERS_TIMEOUT = 9_000;

export abstract class NodeSockets<Request> extends SocketsCore<Request> implements UpgradeTaker {
  readonly #servers = new Set<Server>();

  abstract claims(path: string): boolean | undefined;
  abstract dispatch(upgrade: PendingUpgrade, server: Server): void;
  /** Makes the server that `listen` starts. */
  protected abstract createServer(options: ServerOptions): Server;

  /** Takes the upgrades of a server made by hand: `node:http` or `node:https`, one or several. */
  attach(server: Server): this {
    if (!(server instanceof EventEmitter))
      throw new InvalidOptionError("server", "a server of node:http or node:https", server);
    listenForUpgrades(server, this);
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
    const server = this.createServer({ headersTimeout: HEADERS_TIMEOUT, connectionsCheckingInterval: 1_000 });
    this.attach(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.#servers.add(server);
    return server;
  }

  /**
   * Ends all sockets, and then the servers that `listen` made. HTTP requests may end within what is left of the grace
   * period. See {@link SocketsCore.close}.
   */
  override async close(options: DrainOptions = {}): Promise<void> {
    const graceEnd = performance.now() + (options.grace ?? DEFAULT_GRACE);
    await super.close(options);
    const servers = [...this.#servers];
    this.#servers.clear();
    const graceLeft = Math.max(0, graceEnd - performance.now());
    await Promise.all(servers.map((server) => closeServer(server, graceLeft)));
  }
}

async function closeServer(server: Server, grace: number): Promise<void> {
  const late = new AbortController();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const graceOver = sleep(Math.min(grace, LONGEST_TIMEOUT), undefined, { signal: late.signal }).catch(
    () => undefined,
  );
  await Promise.race([closed, graceOver]);
  late.abort();
  server.closeAllConnections();
}
