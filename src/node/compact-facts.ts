/**
 * The facts of a handshake whose request nobody but Jackfield has seen. It is kept as one string, a fraction of what
 * an `IncomingMessage` takes, and made into one again when the application asks for it.
 */

import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { HandshakeFacts } from "../connection/handshake-facts.js";

/** No part of a request's head may contain it (RFC 9112 §2.2). */
const SEPARATOR = "\n";

/** Takes header fields as Node's parser does; undocumented, but the same since the first versions of Node. */
interface MessageInternals {
  _addHeaderLines(rawHeaders: readonly string[], length: number): void;
}

/** Whether a request is of Node's own class, as all servers have it that weren't given another one, on a socket of Node's. */
export function canBeCompact(request: IncomingMessage, socket: Duplex): socket is Socket {
  return Object.getPrototypeOf(request) === IncomingMessage.prototype && socket instanceof Socket;
}

export class CompactFacts<Params> implements HandshakeFacts<Params, IncomingMessage> {
  readonly params: Params;
  readonly subprotocol: string | undefined;
  readonly #socket: Socket;
  /** Target, HTTP version, and names and values of the header fields. The method is GET. */
  readonly #head: string;
  #request: IncomingMessage | undefined;

  constructor(request: IncomingMessage, socket: Socket, params: Params, subprotocol: string | undefined) {
    this.params = params;
    this.subprotocol = subprotocol;
    this.#socket = socket;
    this.#head = [request.url, request.httpVersion, ...request.rawHeaders].join(SEPARATOR);
  }

  get target(): string {
    return this.#head.slice(0, this.#head.indexOf(SEPARATOR));
  }

  get rawHeaders(): readonly string[] {
    return this.#head.split(SEPARATOR).slice(2);
  }

  get request(): IncomingMessage {
    this.#request ??= this.#expand();
    return this.#request;
  }

  #expand(): IncomingMessage {
    const [target = "/", httpVersion = "1.1", ...rawHeaders] = this.#head.split(SEPARATOR);
    const [major, minor] = httpVersion.split(".").map(Number);
    const request = new IncomingMessage(this.#socket);
    Object.assign(request, { method: "GET", url: target, httpVersion, upgrade: true });
    Object.assign(request, { httpVersionMajor: major, httpVersionMinor: minor });
    (request as unknown as MessageInternals)._addHeaderLines(rawHeaders, rawHeaders.length);
    request.complete = true;
    request.push(null);
    return request;
  }
}
