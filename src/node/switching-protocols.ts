/** The answer that makes a connection a WebSocket: 101 (RFC 6455 §4.2.2). */

import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { formatCompressionAgreement, type CompressionAgreement } from "../protocol/compression-offer.js";
import { acceptKey } from "../protocol/server-handshake.js";

/** Header fields, in their order. */
export type Fields = ReadonlyArray<readonly [name: string, value: string]>;

/** The fields of the answer. */
export function switchFields(
  key: string,
  subprotocol: string | undefined,
  compression: CompressionAgreement | undefined,
): Fields {
  const fields: [string, string][] = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", acceptKey(key)],
  ];
  if (subprotocol !== undefined) fields.push(["Sec-WebSocket-Protocol", subprotocol]);
  if (compression !== undefined) {
    fields.push(["Sec-WebSocket-Extensions", formatCompressionAgreement(compression)]);
  }
  return fields;
}

/** The answer as it stands on the wire, where no middleware could set anything. */
export function rawSwitch(fields: Fields): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`;
}

/** What a framework answers with when a route has accepted: 101, or 204 where it can't express that. */
const ACCEPTED: ReadonlySet<number> = new Set([101, 204]);

/** A 101 has no body (RFC 9110 §15.2). */
const BODY_FIELDS = ["Content-Type", "Content-Length", "Transfer-Encoding"] as const;

type GivenHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[];
type WriteHead = (status: number, message?: string | GivenHeaders, headers?: GivenHeaders) => ServerResponse;

/**
 * Has a response be the 101 when the framework writes that it was accepted, beside what middleware has set. It is the
 * method of this one response that is replaced: Express gives responses another prototype.
 */
export function becomeSwitch(response: ServerResponse, fields: Fields): void {
  const writeHead = response.writeHead.bind(response) as WriteHead;
  const write: WriteHead = (status, message, more) => {
    if (!ACCEPTED.has(status)) return writeHead(status, message, more);
    setHeaders(response, typeof message === "string" ? more : message);
    for (const name of BODY_FIELDS) response.removeHeader(name);
    for (const [name, value] of fields) response.setHeader(name, value);
    return writeHead(101, "Switching Protocols");
  };
  response.writeHead = write;
}

function setHeaders(response: ServerResponse, headers: GivenHeaders = {}): void {
  // A list has names and values in turns.
  const entries = Array.isArray(headers)
    ? headers.flatMap((name, at) => (at % 2 === 0 ? [[String(name), headers[at + 1]] as const] : []))
    : Object.entries(headers);
  for (const [name, value] of entries) if (value !== undefined) response.setHeader(name, value);
}

/** Ends a response as the 101, as any response is ended, so that sessions are saved and loggers log. */
export function endSwitch(response: ServerResponse): void {
  response.statusCode = 101;
  response.end();
}
