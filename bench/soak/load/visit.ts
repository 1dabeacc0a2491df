/** One visit of one visitor: the connections that it makes, and what it counts. */

import assert from "node:assert/strict";
import type { ClientOptions } from "ws";
import { Client, RawClient, upgradeText } from "../../../test/frameworks/clients.js";

/** The ports of a site. */
export interface SitePorts {
  readonly plain: number;
  readonly tls: number;
}

/** Whatever is at the visited site. */
export class Visit {
  /** The port that is visited: that of TLS, if the visit is secure. */
  readonly port: number;
  /** The same of the other site, which the broker connects. */
  readonly otherPort: number;
  readonly isSecure: boolean;
  /** Messages that came. */
  messages = 0;
  readonly #clients: Client[] = [];
  readonly #raw: RawClient[] = [];

  constructor(here: SitePorts, there: SitePorts, isSecure: boolean) {
    const kind = isSecure ? "tls" : "plain";
    this.port = here[kind];
    this.otherPort = there[kind];
    this.isSecure = isSecure;
  }

  /** Where a path is, for clients that want a URL. */
  urlOf(path: string, port: number = this.port): string {
    return `${this.isSecure ? "wss" : "ws"}://127.0.0.1:${port}${path}`;
  }

  async connect(path: string, options: ClientOptions = {}, port: number = this.port): Promise<Client> {
    const standard = { perMessageDeflate: false, rejectUnauthorized: false };
    const client = await Client.connect(this.urlOf("", port), path, { ...standard, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A connection on which an upgrade was answered with 101. */
  async connectRaw(path: string): Promise<RawClient> {
    const raw = this.raw().write(upgradeText(path));
    await raw.until("\r\n\r\n");
    assert.match(raw.received, /^HTTP\/1\.1 101 /);
    return raw;
  }

  /** A connection, over TLS if the visit is secure. */
  raw(): RawClient {
    return this.#begin(new RawClient(this.port, { tls: this.isSecure }));
  }

  /** A TCP connection, on which TLS may be still to come. */
  tcp(): RawClient {
    return this.#begin(new RawClient(this.port));
  }

  #begin(raw: RawClient): RawClient {
    this.#raw.push(raw);
    return raw;
  }

  /** The next message. */
  async hear(client: Client): Promise<string | Buffer> {
    const message = await client.next();
    this.messages++;
    return message;
  }

  /** Says something and expects an answer, which is the same if nothing else is given. */
  async exchange(client: Client, said: string, answer: string = said): Promise<void> {
    client.send(said);
    assert.equal(await this.hear(client), answer);
  }

  /** @throws {AssertionError} if the server doesn't answer with the same code */
  async leave(client: Client, code = 1000): Promise<void> {
    assert.equal((await client.close(code)).code, code);
  }

  /** Drops whatever is still connected. */
  end(): void {
    for (const { ws } of this.#clients) ws.terminate();
    for (const { socket } of this.#raw) socket.destroy();
  }
}
