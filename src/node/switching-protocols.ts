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

/**
 * Whether a framework's answer leaves it at what the route has said, that the upgrade is accepted. It is 101, 204 where a
 * framework can't express that, or what middleware has made of it that puts an envelope around successful answers. Anything else
 * is a refusal, a redirect or a fault of middleware that had its turn behind the route: it stands, as nothing was sent yet.
 */
function isAccepted(status: number): boolean {
  return status < 300;
}

/** A 101 has no body (RFC 9110 §15.2): what a framework writes as one, Node leaves out. */
const BODY_FIELDS = [
  "Content-Type",
  "Content-Length",
  "Content-Encoding",
  "Transfer-Encoding",
  "Trailer",
] as const;

type GivenHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[];
type WriteHead = (status: number, message?: string | GivenHeaders, headers?: GivenHeaders) => ServerResponse;

/**
 * Has a response be the 101 when the framework writes that it was accepted, beside what middleware has set. It is the
 * method of this one response that is replaced: Express gives responses another prototype.
 */
export function becomeSwitch(response: ServerResponse, fields: Fields): void {
  const writeHead = response.writeHead.bind(response) as WriteHead;
  const write: WriteHead = (status, message, more) => {
    if (!isAccepted(status)) return writeHead(status, message, more);
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
