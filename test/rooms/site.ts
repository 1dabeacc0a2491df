/** An app on a server of its own, whose test gets hold of both ends of each connection. */

import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { TestContext } from "node:test";
import { Sockets, type Hooks, type Room, type Route, type Socket, type SocketsOptions } from "jackfield";
import type { ClientOptions } from "ws";
import { Client, Log, serve, until } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";
import { RawClient, type RawClientOptions } from "../node/raw-client.js";

export interface Named {
  readonly name: string;
}
export type NamedSocket = Socket<Named, IncomingMessage>;

/** The server's end and the client's. */
export interface Ends<C> {
  readonly ws: NamedSocket;
  readonly client: C;
}

export interface SiteOptions extends SocketsOptions<IncomingMessage> {
  /** Raw clients only can connect then. @default false */
  readonly tls?: boolean;
}

export class Site {
  readonly sockets: Sockets;
  readonly route: Route<Named, IncomingMessage>;
  readonly log: Log = new Log();
  port = 0;
  readonly #t: TestContext;
  readonly #tls: boolean;
  readonly #server: Server;
  readonly #opened = new Map<string, NamedSocket>();

  private constructor(
    t: TestContext,
    { tls = false, ...options }: SiteOptions,
    hooks: Hooks<Named, IncomingMessage>,
  ) {
    this.#t = t;
    this.#tls = tls;
    this.#server = tls ? createTlsServer({ key, cert }) : createServer();
    this.sockets = new Sockets(this.#server, { logger: this.log, ...options });
    this.route = this.sockets.route("/:name", {
      ...hooks,
      open: (ws) => {
        this.#opened.set(ws.params.name, ws);
        return hooks.open?.(ws);
      },
    });
  }

  /** Serves the route `/:name` until the test is over. */
  static async start(
    t: TestContext,
    options: SiteOptions = {},
    hooks: Hooks<Named, IncomingMessage> = {},
  ): Promise<Site> {
    const site = new Site(t, options, hooks);
    site.port = await serve(t, site.#server);
    t.after(() => site.sockets.close({ grace: 100 }));
    return site;
  }

  async open(name: string, options: ClientOptions = {}): Promise<Ends<Client>> {
    const client = await Client.connect(this.port, `/${name}`, options);
    return { client, ws: await this.#socketOf(name) };
  }

  /** With a client that reads only when it is told to. */
  async openRaw(name: string, options: Partial<RawClientOptions> = {}): Promise<Ends<RawClient>> {
    const client = await RawClient.connect({ port: this.port, tls: this.#tls, path: `/${name}`, ...options });
    this.#t.after(() => client.drop());
    return { client, ws: await this.#socketOf(name) };
  }

  async #socketOf(name: string): Promise<NamedSocket> {
    await until(() => this.#opened.get(name)?.connected === true);
    return this.#opened.get(name) as NamedSocket;
  }

  /** Opens several that are in one room. */
  async openIn(room: Room | string, ...names: readonly string[]): Promise<readonly Ends<Client>[]> {
    const all = await Promise.all(names.map((name) => this.open(name)));
    await Promise.all(all.map(({ ws }) => ws.join(room)));
    return all;
  }
}

/** What a client gets before the given message. */
export async function messagesUntil(client: Client, last: string): Promise<unknown[]> {
  const messages: unknown[] = [];
  for (;;) {
    const message = await client.next();
    if (message === last) return messages;
    messages.push(message);
  }
}

/** What a client that reads frames gets before the given message. */
export async function notesUntil(client: RawClient, last: string): Promise<(string | Buffer)[]> {
  const messages: (string | Buffer)[] = [];
  for (;;) {
    const note = await client.next();
    if (note[0] === "text" && note[1] === last) return messages;
    if (note[0] !== "text" && note[0] !== "binary")
      throw new Error(`expected messages until ${last}, but got ${note[0]}`);
    messages.push(note[1]);
  }
}
