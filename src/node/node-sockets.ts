/** What the `Sockets` of all frameworks on Node's servers have in common. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { SocketsCore, type DrainOptions } from "../routing/sockets.js";
import { listenForUpgrades, type UpgradeTaker } from "./upgrade-listener.js";

export abstract class NodeSockets<Request> extends SocketsCore<Request> implements UpgradeTaker {
  readonly #servers = new Set<Server>();

  abstract claims(path: string): boolean | undefined;
  abstract dispatch(request: IncomingMessage, response: ServerResponse, server: Server): void;
  /** Makes the server that `listen` starts. */
  protected abstract createServer(): Server;

  /** Takes the upgrades of a server made by hand: `node:http` or `node:https`, one or several. */
  attach(server: Server): this {
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
    const server = this.createServer();
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

  /** Ends all sockets, and then the servers that `listen` made. See {@link SocketsCore.close}. */
  override async close(options: DrainOptions = {}): Promise<void> {
    await super.close(options);
    const closing = [...this.#servers].map((server) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      return closed;
    });
    this.#servers.clear();
    await Promise.all(closing);
  }
}
