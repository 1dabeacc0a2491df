/**
 * Judges an opening handshake, as a server (RFC 6455 §4.2).
 * Pure: no I/O, no clock, no promise.
 */

import { hash } from "node:crypto";
import { SubprotocolError } from "../errors.js";
import {
  collectFields,
  type ExtensionOffer,
  hasToken,
  type HeaderFields,
  joinedField,
  parseExtensions,
  parseTokenList,
} from "./header-field.js";
import { isAuthority, requestPath } from "./request-path.js";

/** What is appended to the key before it is hashed (RFC 6455 §1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Of as many header fields Node may have dropped some (its `maxHeadersCount`), so that no verdict is safe. */
const MAX_FIELDS = 2_000;

/** The head of an HTTP request. */
export interface HandshakeRequest {
  readonly method: string;
  /** Such as "1.1". */
  readonly httpVersion: string;
  /** The request target as it came: `IncomingMessage.url`. */
  readonly target: string;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
}

/** The request asks for no WebSocket, or may not: serve it as the plain HTTP request that it is (RFC 9110 §7.8). */
export interface PlainRequest {
  readonly kind: "plain";
}

/** The request asks for a WebSocket in a way that must be refused. */
export interface RefusedHandshake {
  readonly kind: "refused";
  /** The HTTP status to answer with. */
  readonly status: 400 | 405 | 426 | 431;
  /** A sentence for the body of the answer. It holds nothing of the request, so that it is safe to show. */
  readonly reason: string;
  /** The header fields that the status calls for, beyond those of the connection and the body. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
}

/** The request is a valid opening handshake. Nothing is accepted yet. */
export interface ValidHandshake {
  readonly kind: "valid";
  /** The value of Sec-WebSocket-Key, for `acceptKey`. */
  readonly key: string;
  /** The subprotocols offered, in the client's order of preference, each once. */
  readonly subprotocols: readonly string[];
  /**
   * The value of Sec-WebSocket-Extensions as it came; `undefined` where there was none. Only where an extension may be agreed
   * on is it judged: see `readExtensionOffers`.
   */
  readonly extensions: string | undefined;
  /** The value of Origin as it came, whatever it is (`isOrigin` tells); `undefined` where there was none. */
  readonly origin: string | undefined;
  /** The path of the target, still percent-encoded. */
  readonly path: string;
  /** Whom the request was for, as it came: the authority of an absolute-form target, else the value of Host. */
  readonly host: string;
}

/** What a server makes of a request. */
export type HandshakeVerdict = PlainRequest | RefusedHandshake | ValidHandshake;

/**
 * Judges an opening handshake (RFC 6455 §4.2.1). Time and memory are linear in the request; nothing is thrown.
 * The checks come in the order of method, number of fields, Host, version, key, body, target, subprotocols,
 * Origin; the first that fails gives the refusal.
 */
export function judgeHandshake(request: HandshakeRequest): HandshakeVerdict {
  // RFC 9110 §7.8: an Upgrade in an HTTP/1.0 request is to be ignored.
  if (request.httpVersion !== "1.1") return { kind: "plain" };
  const fields = collectFields(request.rawHeaders);
  if (
    !hasToken(joinedField(fields, "upgrade"), "websocket") ||
    !hasToken(joinedField(fields, "connection"), "upgrade")
  ) {
    return { kind: "plain" };
  }
  return (
    headProblem(request, fields) ?? versionProblem(fields) ?? keyProblem(fields) ?? judgeRest(request, fields)
  );
}

/**
 * The value of Sec-WebSocket-Accept that proves that a key was read (RFC 6455 §4.2.2, step 5.4).
 *
 * @param key - the value of Sec-WebSocket-Key
 */
export function acceptKey(key: string): string {
  return hash("sha1", key + GUID, "base64");
}

/**
 * Chooses the subprotocol to answer with (RFC 6455 §4.2.2, step 5.5).
 *
 * @param offered - what the client offered, in its order of preference
 * @param supported - what the server speaks, in its order of preference; or a function that picks one of the offered
 * @returns the first of the server's that was offered, or what the function picked; `undefined` to go on without one
 * @throws {SubprotocolError} if the function picks something that was not offered, which anything is that is no token
 */
export function chooseSubprotocol(
  offered: readonly string[],
  supported: readonly string[] | ((offered: readonly string[]) => string | undefined),
): string | undefined {
  if (typeof supported !== "function") return supported.find((subprotocol) => offered.includes(subprotocol));
  const chosen = supported(offered);
  if (chosen !== undefined && !offered.includes(chosen)) throw new SubprotocolError(chosen, offered);
  return chosen;
}

/**
 * Reads the extensions that a client offers (RFC 6455 §4.2.1 item 9, §9.1). A header that is there names at least one.
 *
 * @param value - that of Sec-WebSocket-Extensions, if there was one
 * @returns the extensions in the client's order of preference, or what to answer instead
 */
export function readExtensionOffers(value: string | undefined): readonly ExtensionOffer[] | RefusedHandshake {
  if (value === undefined) return [];
  const extensions = parseExtensions(value);
  if (extensions !== undefined && extensions.length > 0) return extensions;
  return refused(400, "Expected Sec-WebSocket-Extensions to be a list of at most 64 well-formed extensions.");
}

function refused(
  status: RefusedHandshake["status"],
  reason: string,
  headers: RefusedHandshake["headers"] = [],
): RefusedHandshake {
  return { kind: "refused", status, reason, headers };
}

/** The value of a field that came once; else how often it came. */
function single(fields: HeaderFields, name: string): string | number {
  const values = fields.get(name) ?? [];
  const [value] = values;
  return value !== undefined && values.length === 1 ? value : values.length;
}

function headProblem(request: HandshakeRequest, fields: HeaderFields): RefusedHandshake | undefined {
  // §4.2.1 item 1.
  if (request.method !== "GET") {
    return refused(405, "Expected the method GET for a WebSocket handshake; use GET.", [["Allow", "GET"]]);
  }
  if (request.rawHeaders.length >= 2 * MAX_FIELDS) {
    return refused(431, `Expected fewer than ${MAX_FIELDS} header fields; send fewer.`);
  }
  // §4.2.1 item 2, RFC 9112 §3.2.
  const host = single(fields, "host");
  if (typeof host === "number") return refused(400, `Expected one Host header, but got ${host}; send one.`);
  if (!isAuthority(host))
    return refused(400, "Expected Host to be a name or address, and a port if need be.");
  return undefined;
}

function versionProblem(fields: HeaderFields): RefusedHandshake | undefined {
  // §4.2.1 item 6, §4.4. RFC 9110 §15.5.22: a 426 names the protocol in Upgrade.
  const version = single(fields, "sec-websocket-version");
  if (version === "13") return undefined;
  const came = typeof version === "number" ? `it ${version} times` : "another version";
  return refused(426, `Expected Sec-WebSocket-Version: 13 once, but got ${came}; use version 13.`, [
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
  ]);
}

function keyProblem(fields: HeaderFields): RefusedHandshake | undefined {
  // §4.2.1 item 5: 16 bytes in base64 are 22 characters and two of padding.
  const key = single(fields, "sec-websocket-key");
  if (typeof key === "number") {
    return refused(400, `Expected one Sec-WebSocket-Key header, but got ${key}; send one.`);
  }
  if (/^[+/0-9A-Za-z]{22}==$/.test(key)) return undefined;
  return refused(
    400,
    "Expected Sec-WebSocket-Key to be 16 bytes in base64; send 24 characters that end in ==.",
  );
}

function hasBody(fields: HeaderFields): boolean {
  if (fields.has("transfer-encoding")) return true;
  return fields.get("content-length")?.some((length) => length !== "0") ?? false;
}

/** All that comes after the key. */
function judgeRest(request: HandshakeRequest, fields: HeaderFields): RefusedHandshake | ValidHandshake {
  if (hasBody(fields)) return refused(400, "Expected a WebSocket handshake without a body; send none.");
  const target = requestPath(request.target);
  if (target === undefined) {
    return refused(
      400,
      "Expected a request target with a well-formed path, without dot segments or // at its start.",
    );
  }
  const subprotocols = readSubprotocols(fields);
  if (subprotocols === undefined) {
    return refused(400, "Expected Sec-WebSocket-Protocol to be a list of at most 64 different tokens.");
  }
  // RFC 6454 §7.3: at most one. Of two, a proxy and a policy could each believe another. What the one says, is the policy's.
  const [origin, ...more] = fields.get("origin") ?? [];
  if (more.length > 0) return refused(400, "Expected one Origin header at most; send one.");
  // RFC 9112 §3.2.2: the authority of an absolute-form target replaces Host.
  const host = target.authority ?? joinedField(fields, "host");
  return {
    kind: "valid",
    key: joinedField(fields, "sec-websocket-key"),
    subprotocols,
    extensions: fields.has("sec-websocket-extensions")
      ? joinedField(fields, "sec-websocket-extensions")
      : undefined,
    origin,
    path: target.path,
    host,
  };
}

/** §4.2.1 item 8, §11.3.4: a header that is there names at least one, and none twice. */
function readSubprotocols(fields: HeaderFields): string[] | undefined {
  if (!fields.has("sec-websocket-protocol")) return [];
  const subprotocols = parseTokenList(joinedField(fields, "sec-websocket-protocol"));
  if (subprotocols === undefined || subprotocols.length === 0) return undefined;
  return new Set(subprotocols).size === subprotocols.length ? subprotocols : undefined;
}
