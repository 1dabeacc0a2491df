/** What a socket knows of its opening handshake, and what the application keeps with it. */

import { randomUUID } from "node:crypto";
import {
  parseCookies,
  parseHeaders,
  parseQuery,
  type Cookies,
  type HandshakeFacts,
} from "./handshake-facts.js";
import { sessionOf, type SessionOf } from "./session-of.js";
import type { SocketData } from "./socket-data.js";

/** What most sockets are never asked for. */
interface MadeOnDemand {
  id?: string;
  query?: URLSearchParams;
  headers?: Headers;
  cookies?: Cookies;
  data?: SocketData;
}

export abstract class SocketFacts<Params, Request> {
  readonly #facts: HandshakeFacts<Params, Request>;
  #made: MadeOnDemand | undefined;

  constructor(facts: HandshakeFacts<Params, Request>) {
    this.#facts = facts;
  }

  get #onDemand(): MadeOnDemand {
    this.#made ??= {};
    return this.#made;
  }

  /** A name for this connection, unique in the world. */
  get id(): string {
    this.#onDemand.id ??= randomUUID();
    return this.#onDemand.id;
  }

  /** The framework's own request. */
  get request(): Request {
    return this.#facts.request;
  }

  /** The variables of the path. */
  get params(): Params {
    return this.#facts.params;
  }

  /** The query of the request's URL. */
  get query(): URLSearchParams {
    this.#onDemand.query ??= parseQuery(this.#facts.target);
    return this.#onDemand.query;
  }

  /** The header fields of the request. */
  get headers(): Headers {
    this.#onDemand.headers ??= parseHeaders(this.#facts.rawHeaders);
    return this.#onDemand.headers;
  }

  /** The cookies of the request, as they came: unsigned ones prove nothing. */
  get cookies(): Cookies {
    this.#onDemand.cookies ??= parseCookies(this.#facts.rawHeaders);
    return this.#onDemand.cookies;
  }

  /** The session that the framework's middleware put on the request, or among its variables, if it did. */
  get session(): SessionOf<Request> {
    return sessionOf(this.#facts.request);
  }

  /** The subprotocol that was agreed on, or `undefined` (RFC 6455 §1.9). */
  get subprotocol(): string | undefined {
    return this.#facts.subprotocol;
  }

  /** For the application to keep what belongs to this connection. */
  get data(): SocketData {
    this.#onDemand.data ??= Object.create(null) as SocketData;
    return this.#onDemand.data;
  }
}
