/** One visit of one visitor: the connections that it makes, and what it counts. */

import assert from "node:assert/strict";
import type { ClientOptions } from "ws";
import { Client, RawClient, upgradeText } from "../../../test/frameworks/clients.js";

/** Whatever is at the visited port. */
export class Visit {
  readonly port: number;
  /** The port of the other site, which the broker connects. */
  readonly otherPort: number;
  /** Messages that came. */
  messages = 0;
  readonly #clients: Client[] = [];
  readonly #raw: RawClient[] = [];

  constructor(port: number, otherPort: number) {
    this.port = port;
    this.otherPort = otherPort;
  }

  async connect(path: string, options: ClientOptions = {}, port: number = this.port): Promise<Client> {
    const client = await Client.connect(port, path, { perMessageDeflate: false, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A TCP connection on which an upgrade was answered with 101. */
  async connectRaw(path: string): Promise<RawClient> {
    const raw = this.tcp().write(upgradeText(path));
    await raw.until("\r\n\r\n");
    assert.match(raw.received, /^HTTP\/1\.1 101 /);
    return raw;
  }

  tcp(): RawClient {
    const raw = new RawClient(this.port);
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
