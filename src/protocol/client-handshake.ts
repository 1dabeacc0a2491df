/**
 * The opening handshake of a client (RFC 6455 §4.1).
 * Pure: no I/O, no clock, no promise.
 */

import { Buffer } from "node:buffer";
import {
  type CompressionAgreement,
  type CompressionSettings,
  readCompressionAnswer,
} from "./compression-offer.js";
import { collectFields, hasToken, type HeaderFields, joinedField, parseExtensions } from "./header-field.js";
import { acceptKey } from "./server-handshake.js";

/** The head of the server's answer. */
export interface HandshakeAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
}

/** What the client sent. */
export interface SentHandshake {
  /** The value of Sec-WebSocket-Key. */
  readonly key: string;
  /** The subprotocols that were offered. */
  readonly subprotocols: readonly string[];
  /** The settings that compression was offered with; without them it was not offered. */
  readonly compression?: CompressionSettings | undefined;
}

/** The server accepted, in a way that the offer allows. */
export interface AcceptedAnswer {
  readonly kind: "accepted";
  /** The subprotocol that the server chose; `undefined` for none, also where some were offered. */
  readonly subprotocol: string | undefined;
  /** What was agreed on for compression; `undefined` for none. */
  readonly compression: CompressionAgreement | undefined;
}

/** The server refused, or answered against the protocol. */
export interface RefusedAnswer {
  readonly kind: "refused";
  /** A sentence that says what was expected and what came. */
  readonly reason: string;
}

/**
 * The value of Sec-WebSocket-Key (RFC 6455 §4.1, item 7 of the request).
 *
 * @param random - 16 random bytes, new ones for each handshake
 * @throws {RangeError} if it is not 16 bytes
 */
export function createKey(random: Uint8Array): string {
  if (random.length !== 16) throw new RangeError(`expected 16 random bytes, but got ${random.length}`);
  return Buffer.from(random).toString("base64");
}

/**
 * Judges the server's answer (RFC 6455 §4.1, the checks of the server's response). Nothing is thrown, whatever came.
 *
 * @param answer - the head of the server's answer
 * @param sent - what the client had sent
 */
export function readHandshakeAnswer(
  answer: HandshakeAnswer,
  sent: SentHandshake,
): AcceptedAnswer | RefusedAnswer {
  const fields = collectFields(answer.rawHeaders);
  const problem =
    statusProblem(answer.status) ??
    acceptProblem(fields, sent.key) ??
    subprotocolProblem(fields, sent.subprotocols);
  if (problem !== undefined) return { kind: "refused", reason: problem };
  const compression = readCompression(fields, sent.compression);
  if (typeof compression === "string") return { kind: "refused", reason: compression };
  return { kind: "accepted", subprotocol: fields.get("sec-websocket-protocol")?.[0], compression };
}

/** Item 1: anything but 101 is an HTTP answer. */
function statusProblem(status: number): string | undefined {
  return status === 101 ? undefined : `expected the server to answer with status 101, but got ${status}`;
}

/** Items 2 to 4: Upgrade, Connection, Sec-WebSocket-Accept. */
function acceptProblem(fields: HeaderFields, key: string): string | undefined {
  const upgrade = joinedField(fields, "upgrade");
  if (!hasToken(upgrade, "websocket") || upgrade.includes(",")) {
    return `expected the header Upgrade: websocket, but got ${quoted(upgrade)}`;
  }
  const connection = joinedField(fields, "connection");
  if (!hasToken(connection, "upgrade")) {
    return `expected the header Connection to hold Upgrade, but got ${quoted(connection)}`;
  }
  const accept = joinedField(fields, "sec-websocket-accept");
  if (accept === acceptKey(key)) return undefined;
  return `expected Sec-WebSocket-Accept to match the key, but got ${quoted(accept)}; is it a WebSocket server?`;
}

/** Item 6: one of those that were offered, or none. */
function subprotocolProblem(fields: HeaderFields, offered: readonly string[]): string | undefined {
  const values = fields.get("sec-websocket-protocol");
  if (values === undefined) return undefined;
  const [chosen, ...more] = values;
  if (chosen !== undefined && more.length === 0 && offered.includes(chosen)) return undefined;
  const offers =
    offered.length > 0 ? `one of the offered subprotocols (${offered.join(", ")})` : "no subprotocol";
  return `expected ${offers}, but the server chose ${quoted(values.join(", "))}`;
}

/** Item 5: only what was offered. */
function readCompression(
  fields: HeaderFields,
  settings: CompressionSettings | undefined,
): CompressionAgreement | undefined | string {
  if (!fields.has("sec-websocket-extensions")) return undefined;
  const value = joinedField(fields, "sec-websocket-extensions");
  const extensions = parseExtensions(value);
  if (extensions === undefined || extensions.length === 0) {
    return `expected a well-formed Sec-WebSocket-Extensions, but got ${quoted(value)}`;
  }
  return readCompressionAnswer(extensions, settings);
}

/** A value of the server's for a sentence, shortened. */
function quoted(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}
