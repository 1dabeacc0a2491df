/**
 * Close codes, and the payload of a close frame (RFC 6455 §5.5.1, §7.4).
 * Pure: no I/O, no clock, no promise.
 */

import { Buffer, isUtf8 } from "node:buffer";
import { describe } from "../errors.js";

/** The close codes that have a name (RFC 6455 §7.4.1 and the IANA registry of WebSocket close codes). */
export const CloseCode = {
  /** The purpose of the connection is fulfilled. */
  normal: 1000,
  /** A server goes down, or a browser leaves the page. */
  goingAway: 1001,
  /** The peer broke the protocol. */
  protocolError: 1002,
  /** A kind of message that this endpoint doesn't take, such as binary where only text is understood. */
  unsupportedData: 1003,
  /** Never on the wire: stands for a close frame without a code. */
  noStatusReceived: 1005,
  /** Never on the wire: stands for a connection that ended without a close frame. */
  abnormalClosure: 1006,
  /** A message whose content is not of its type, such as text that is not UTF-8. */
  invalidPayload: 1007,
  /** A message against the policy of this endpoint, where no other code fits. */
  policyViolation: 1008,
  /** A message too big to take. */
  messageTooBig: 1009,
  /** The server left out an extension that the client cannot do without. */
  mandatoryExtension: 1010,
  /** The server met a condition that it didn't expect. */
  internalError: 1011,
  /** The server restarts; the client may connect again. */
  serviceRestart: 1012,
  /** The server is overloaded, or the client is too slow; it may connect again later. */
  tryAgainLater: 1013,
  /** A gateway got an invalid answer from the server behind it. */
  badGateway: 1014,
  /** Never on the wire: stands for a TLS handshake that failed. */
  tlsHandshake: 1015,
} as const;

/** One of the close codes that have a name. Codes of the app's own, 3000 to 4999, are plain numbers. */
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/**
 * What a reader answers to bytes that cannot be accepted. The connection ends with this code and reason, so the
 * reason is at most 123 bytes.
 */
export interface Failure {
  readonly kind: "failure";
  /** The close code to end the connection with. */
  readonly code: CloseCode;
  /** A sentence about what was wrong, at most 123 bytes of UTF-8. */
  readonly reason: string;
}

/** What a valid close frame said. */
export interface ClosePayload {
  readonly kind: "close";
  /** The close code; 1005 where the frame had none. */
  readonly code: number;
  /** The reason, at most 123 bytes of UTF-8; "" where there was none. */
  readonly reason: string;
}

/** The longest reason of a close frame, in bytes: a control frame's 125 (RFC 6455 §5.5) less two for the code. */
export const MAX_CLOSE_REASON_BYTES = 123;

/**
 * Makes a failure.
 *
 * @param code - the close code to end the connection with
 * @param reason - what was wrong, at most 123 bytes of UTF-8
 */
export function failure(code: CloseCode, reason: string): Failure {
  return { kind: "failure", code, reason };
}

/** Whether a result is a failure. Takes any value, so that readers may answer whatever fits them. */
export function isFailure(result: unknown): result is Failure {
  return typeof result === "object" && result !== null && "kind" in result && result.kind === "failure";
}

/**
 * Whether a close frame may carry this code: 1000–1003, 1007–1014 and 3000–4999 (RFC 6455 §7.4.2 and the registry).
 * 1004 is reserved, 1005, 1006 and 1015 never stand on the wire (§7.4.1), 1016–2999 are not assigned.
 */
export function isReceivableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (
    (code >= CloseCode.normal && code <= CloseCode.unsupportedData) ||
    (code >= CloseCode.invalidPayload && code <= CloseCode.badGateway) ||
    (code >= 3000 && code <= 4999)
  );
}

/** Whether this endpoint may send a close frame with this code: the same codes as may be received. */
export function isSendableCloseCode(code: number): boolean {
  return isReceivableCloseCode(code);
}

/**
 * The payload of a close frame (RFC 6455 §5.5.1).
 *
 * @param code - a code that `isSendableCloseCode` allows, or 1005 for a close frame without a code and reason, which
 *   is how a close frame without a code is echoed
 * @param reason - at most 123 bytes of UTF-8; lone surrogates become U+FFFD. The caller has checked both with
 *   `closeReasonProblem`
 * @returns two bytes of code in network order and the reason, or no bytes for 1005
 */
export function encodeClosePayload(code: number, reason: string): Uint8Array {
  if (code === CloseCode.noStatusReceived) return new Uint8Array(0);
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return payload;
}

/**
 * Reads the payload of a close frame (RFC 6455 §5.5.1, §7.1.5, §7.1.6). Nothing of it is kept.
 *
 * @param payload - at most 125 bytes, unmasked
 * @returns the code and the reason; 1005 and "" for an empty payload. A failure of 1002 for a single byte or for a
 *   code that may not be on the wire, of 1007 for a reason that is not UTF-8
 */
export function decodeClosePayload(payload: Uint8Array): ClosePayload | Failure {
  // §7.1.5: no code in the frame counts as 1005.
  if (payload.length === 0) return { kind: "close", code: CloseCode.noStatusReceived, reason: "" };
  if (payload.length === 1) {
    return failure(
      CloseCode.protocolError,
      "a close frame is empty or begins with a code of 2 bytes; got 1 byte",
    );
  }
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const code = bytes.readUInt16BE(0);
  if (!isReceivableCloseCode(code)) {
    return failure(CloseCode.protocolError, `the close code ${code} may not be on the wire`);
  }
  const reason = bytes.subarray(2);
  if (!isUtf8(reason)) return failure(CloseCode.invalidPayload, "the reason of a close frame is not UTF-8");
  return { kind: "close", code, reason: reason.toString("utf8") };
}

/**
 * What is wrong with a close code and reason that the app wants to send, or `undefined` if nothing is.
 * Lone surrogates in the reason are no problem: they are sent as U+FFFD.
 *
 * @param code - any value; defaults are the caller's to fill in
 * @param reason - any value; defaults are the caller's to fill in
 * @returns a sentence that says what was expected, what came, and what to do
 */
export function closeReasonProblem(code: unknown, reason: unknown): string | undefined {
  return codeProblem(code) ?? reasonProblem(reason);
}

function codeProblem(code: unknown): string | undefined {
  if (typeof code === "number" && isSendableCloseCode(code)) return undefined;
  const reserved =
    code === CloseCode.noStatusReceived ||
    code === CloseCode.abnormalClosure ||
    code === CloseCode.tlsHandshake;
  const came = reserved ? `${code}, which is never sent (RFC 6455 §7.4.1)` : describe(code);
  return (
    `expected a close code of 1000–1003, 1007–1014 or 3000–4999, but got ${came}; ` +
    "use 1000 for a normal end, or a code of your own from 4000 to 4999"
  );
}

function reasonProblem(reason: unknown): string | undefined {
  if (typeof reason !== "string") {
    return `expected a string as the close reason, but got ${describe(reason)}; pass "" for no reason`;
  }
  const bytes = Buffer.byteLength(reason);
  if (bytes <= MAX_CLOSE_REASON_BYTES) return undefined;
  return (
    `expected a close reason of at most ${MAX_CLOSE_REASON_BYTES} bytes of UTF-8, but got ${bytes} bytes; ` +
    "shorten it, or send a message before the close"
  );
}
