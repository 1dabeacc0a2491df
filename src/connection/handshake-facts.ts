/** What is known of a connection from its opening handshake. */

import { parseCookie } from "cookie";

/** Names and values of cookies; without a prototype, so that no name can be mistaken for something else. */
export type Cookies = Readonly<Record<string, string | undefined>>;

/** What an upgrade leaves to its socket. */
export interface HandshakeFacts<Params, Request> {
  /** The framework's own request. */
  readonly request: Request;
  /** The variables of the path. */
  readonly params: Params;
  /** The request target, with its query. */
  readonly target: string;
  /** The header fields, names and values in turns. */
  readonly rawHeaders: readonly string[];
  /** The subprotocol that was agreed on (RFC 6455 §1.9). */
  readonly subprotocol: string | undefined;
}

export function parseQuery(target: string): URLSearchParams {
  const mark = target.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1));
}

export function parseHeaders(rawHeaders: readonly string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string);
  }
  return headers;
}

export function parseCookies(rawHeaders: readonly string[]): Cookies {
  const lines = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "cookie");
  return parseCookie(lines.join("; "));
}
