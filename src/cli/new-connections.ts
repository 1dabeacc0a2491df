/** Connections that a server has accepted and that have asked for nothing yet. */

import { EventEmitter, once } from "node:events";
import { IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { wrapEmit } from "../node/upgrade-interception.js";

/** What a TLS socket has: the one that it was made of. */
interface Wrapping extends Socket {
  readonly _parent?: Socket;
}

/** Knows them, so that a server that ends doesn't turn away whom it has let in. */
export class NewConnections {
  readonly #silent = new Set<Socket>();
  readonly #changes = new EventEmitter();

  constructor(server: Server) {
    server.on("connection", (connection: Socket) => {
      this.#silent.add(connection);
      connection.once("close", () => this.#delete(connection));
    });
    // A listener for upgrades would be one more among which the sockets arbitrate, so `emit` of this server is wrapped.
    wrapEmit(server, (emit) => (event, ...args) => {
      const [request] = args;
      if (request instanceof IncomingMessage) this.#hasAsked(request.socket);
      return emit(event, ...args);
    });
  }

  #hasAsked(socket: Wrapping): void {
    this.#delete(socket._parent ?? socket);
  }

  #delete(connection: Socket): void {
    if (this.#silent.delete(connection)) this.#changes.emit("change");
  }

  /** Drops them all. */
  drop(): void {
    for (const connection of this.#silent) connection.destroy();
  }

  /** Settles when each of them has asked for something or is gone, or when the time is over, in milliseconds. */
  async haveAsked(within: number): Promise<void> {
    const signal = AbortSignal.timeout(within);
    while (this.#silent.size > 0 && !signal.aborted)
      await once(this.#changes, "change", { signal }).catch(() => undefined);
  }
}
