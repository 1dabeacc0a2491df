/** The answer that makes a connection a WebSocket: 101 (RFC 6455 §4.2.2). */

import type { ServerResponse } from "node:http";
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

/** Writes the head of the answer, beside what the framework's middleware has set. */
export function writeSwitch(response: ServerResponse, fields: Fields): void {
  for (const name of ["Content-Type", "Content-Length", "Transfer-Encoding"]) response.removeHeader(name);
  for (const [name, value] of fields) response.setHeader(name, value);
  response.writeHead(101, "Switching Protocols");
}

/** The answer as it stands on the wire, where no middleware could set anything. */
export function rawSwitch(fields: Fields): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`;
}
