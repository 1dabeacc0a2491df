/** A server whose routes give back what comes, and which knows its end of each connection. */

import { createServer, type IncomingMessage } from "node:http";
import type { TestContext } from "node:test";
import { Sockets, type Socket, type SocketsOptions } from "jackfield";
import { Log, serve, until } from "../frameworks/clients.js";

export class EchoSite {
  readonly sockets: Sockets;
  readonly log: Log = new Log();
  /** All that were opened, in this order. */
  readonly opened: Socket<unknown, IncomingMessage>[] = [];
  port = 0;
  readonly #server = createServer();

  private constructor(options: SocketsOptions<IncomingMessage>) {
    this.sockets = new Sockets(this.#server, { logger: this.log, ...options });
    for (const [path, compression] of [
      ["/loop", false],
      ["/compressed", true],
    ] as const)
      this.sockets.route(
        path,
        async (ws) => {
          this.opened.push(ws);
          for await (const message of ws) await ws.send(message);
        },
        { compression },
      );
    this.sockets.route("/hooks", {
      open: (ws) => void this.opened.push(ws),
      message: (ws, message) => ws.send(message),
    });
    this.sockets.route("/closes", async (ws) => {
      await ws.receive();
      await ws.close(4000, "the server is tired");
    });
  }

  /** Serves until the test is over. */
  static async start(t: TestContext, options: SocketsOptions<IncomingMessage> = {}): Promise<EchoSite> {
    const site = new EchoSite(options);
    site.port = await serve(t, site.#server);
    t.after(() => site.sockets.close({ grace: 100 }));
    return site;
  }

  /** The server's end of the connection that was opened as number `at`. */
  async socket(at = 0): Promise<Socket<unknown, IncomingMessage>> {
    await until(() => this.opened[at] !== undefined);
    return this.opened[at] as Socket<unknown, IncomingMessage>;
  }

  /** Waits until nobody is connected. */
  async untilEmpty(): Promise<void> {
    await until(() => this.sockets.size === 0);
  }
}
