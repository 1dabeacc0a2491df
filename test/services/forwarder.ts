/** A stretch of network that can be cut: a port of 127.0.0.1 behind which another one is reached. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";

export class Forwarder {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** How often somebody has connected, be it in vain. */
  connections = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  static async start(t: TestContext, target: number): Promise<Forwarder> {
    const forwarder = new Forwarder(target);
    t.after(() => forwarder.cut());
    await forwarder.mend();
    return forwarder;
  }

  get port(): number {
    return this.#port;
  }

  /** Ends all connections and takes no new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.close();
    this.drop();
    if (server !== undefined) await once(server, "close");
  }

  /** Ends all connections. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets connections through, on the same port as before. */
  async mend(): Promise<void> {
    const server = createServer((near) => this.#forward(near));
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #forward(near: Socket): void {
    this.connections++;
    const far = connect(this.#target, "127.0.0.1");
    const ends = [near, far];
    for (const [at, socket] of ends.entries()) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined); // its close tells
      socket.once("close", () => {
        this.#sockets.delete(socket);
        ends[1 - at]?.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}
