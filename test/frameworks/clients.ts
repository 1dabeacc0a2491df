/** Clients that the tests connect with, and servers that are gone when a test ends. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { connect as connectTcp, type AddressInfo, type Socket as TcpSocket } from "node:net";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { WebSocket, type ClientOptions } from "ws";
import type { Logger } from "jackfield";

/** For every test: none may hang. */
export const bounded = { timeout: 20_000 } as const;

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Waits until a server listens, and drops it with all its connections at the end of the test. */
export async function served(t: TestContext, server: Server): Promise<number> {
  if (!server.listening) await once(server, "listening");
  const connections = new Set<TcpSocket>();
  server.on("connection", (connection: TcpSocket) => {
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
    for (const connection of connections) connection.destroy();
  });
  return portOf(server);
}

/** Has a server of one's own listen. */
export async function serve(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  return served(t, server);
}

/** Keeps what is logged. */
export class Log implements Logger {
  readonly errors: { readonly message: string; readonly error: unknown }[] = [];
  readonly warnings: string[] = [];

  error(message: string, error?: unknown): void {
    this.errors.push({ message, error });
  }

  warn(message: string): void {
    this.warnings.push(message);
  }
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A client of `ws` that loses no message. */
export class Client {
  readonly ws: WebSocket;
  readonly closed: Promise<Closed>;
  /** The header fields of the 101. */
  headers: IncomingHttpHeaders = {};
  readonly #messages: (string | Buffer)[] = [];
  readonly #waiting: ((message: string | Buffer) => void)[] = [];

  private constructor(url: string, protocols: string[], options: ClientOptions) {
    this.ws = new WebSocket(url, protocols, options);
    this.ws.once("upgrade", (response) => {
      this.headers = response.headers;
    });
    this.ws.on("message", (data: Buffer, isBinary: boolean) => {
      const message = isBinary ? data : data.toString();
      const taker = this.#waiting.shift();
      if (taker === undefined) this.#messages.push(message);
      else taker(message);
    });
    this.closed = new Promise((resolve) => {
      this.ws.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  static async connect(
    to: number | string,
    path: string,
    { protocols = [], ...options }: ClientOptions & { readonly protocols?: string[] } = {},
  ): Promise<Client> {
    const base = typeof to === "number" ? `ws://127.0.0.1:${to}` : to;
    const client = new Client(base + path, protocols, options);
    await once(client.ws, "open");
    client.ws.on("error", () => undefined); // its close tells
    return client;
  }

  send(message: string | Uint8Array): void {
    this.ws.send(message);
  }

  /** The next message. */
  next(): Promise<string | Buffer> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** The next message, as JSON. */
  async nextJson(): Promise<unknown> {
    return JSON.parse(String(await this.next())) as unknown;
  }

  /** Sends a message and expects it back. */
  async echo(message: string): Promise<void> {
    this.send(message);
    assert.equal(await this.next(), message);
  }

  close(code?: number, reason?: string): Promise<Closed> {
    this.ws.close(code, reason);
    return this.closed;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export const handshakeHeaders: Readonly<Record<string, string>> = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** Asks for a WebSocket and gives the answer, be it a 101 or not. */
export async function upgradeAnswer(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const request = httpRequest({
    port,
    path,
    host: "127.0.0.1",
    agent: false,
    headers: { ...handshakeHeaders, ...headers },
  });
  request.end();
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: "" });
    });
    request.once("response", (response) => {
      const { statusCode: status = 0, headers } = response;
      text(response).then((body) => resolve({ status, headers, body }), reject);
    });
  });
}

/** An upgrade as it stands on the wire. */
export function upgradeText(path: string, more = ""): string {
  const fields = Object.entries(handshakeHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields.join("")}${more}\r\n`;
}

/** A frame of a client, masked with zeros so that its payload stays readable. */
export function clientFrame(payload: string | Buffer, opcode = 1): Buffer {
  const bytes = Buffer.from(payload);
  assert.ok(bytes.length < 126);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
}

/** A TCP connection whose bytes are collected as they come, one character per byte. */
export class RawClient {
  /** Of TCP, or of TLS above it. */
  readonly socket: TcpSocket;
  received = "";
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #tcp: TcpSocket;
  #isClosed = false;

  constructor(port: number, { allowHalfOpen = false, secure = false } = {}) {
    this.#tcp = connectTcp({ port, host: "127.0.0.1", allowHalfOpen, noDelay: true });
    this.#tcp.on("error", () => undefined);
    this.socket = secure ? connectTls({ socket: this.#tcp, rejectUnauthorized: false }) : this.#tcp;
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
    });
    this.closed = new Promise((resolve) => {
      this.socket.once("close", () => {
        this.#isClosed = true;
        resolve();
      });
    });
  }

  write(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    return this;
  }

  /** Waits until something came that matches. */
  async until(pattern: RegExp | string): Promise<string> {
    const matches = (): boolean =>
      typeof pattern === "string" ? this.received.includes(pattern) : pattern.test(this.received);
    while (!matches()) {
      if (this.#isClosed)
        assert.fail(`closed before ${String(pattern)} came: ${this.received.slice(0, 500)}`);
      await Promise.race([once(this.socket, "data"), this.closed]);
    }
    return this.received;
  }

  /** The status of the answer, once there is one. */
  async status(): Promise<number> {
    await this.until(/^HTTP\/1\.1 \d{3} [^\r]*\r\n/);
    return Number(this.received.slice(9, 12));
  }

  /** All that came until the server closed the connection. */
  async all(): Promise<string> {
    await this.closed;
    return this.received;
  }

  reset(): Promise<void> {
    this.#tcp.resetAndDestroy();
    return this.closed;
  }
}

/** Resolves when the condition holds; looks again after each turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}

export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

export function deferred<Value = void>(): Deferred<Value> {
  let settle: ((value: Value) => void) | undefined;
  const promise = new Promise<Value>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle?.(value) };
}
