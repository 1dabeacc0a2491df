/** What processes tell each other about their sockets, as bytes. */

import type { Message } from "../connection/message.js";
import { closeReasonProblem } from "../protocol/close-code.js";

/** A message for sockets of an audience, or the end of their connections. */
export interface Parcel {
  /** Those of a route whose variables of the path have these values; without it, all. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly message?: Message | undefined;
  /** See {@link SendOptions}. */
  readonly key?: string | undefined;
  readonly close?: { readonly code: number; readonly reason: string } | undefined;
}

/** Parcels begin with it: a name and a version, so that what is not ours, or of another version, is told apart. */
const MAGIC = Buffer.from("JF01");
/** Behind the magic stands the length of the head, which is JSON, and behind that the message. */
const HEAD_AT = MAGIC.length + 4;

interface Head {
  readonly origin: string;
  readonly type: "text" | "binary" | "none";
  /** The name and the value of each; one that is to be missing has no value, which is not the same as not to be named. */
  readonly params?: readonly (readonly [name: string, value?: unknown])[] | undefined;
  readonly key?: Parcel["key"];
  readonly close?: Parcel["close"];
}

/** @param origin - whose it is, as a broker may bring it back */
export function encodeParcel({ message, params, key, close }: Parcel, origin: string): Buffer {
  const type = message === undefined ? "none" : typeof message === "string" ? "text" : "binary";
  const head = Buffer.from(
    JSON.stringify({ origin, type, params: entriesOf(params), key, close } satisfies Head),
  );
  const size = Buffer.allocUnsafe(4);
  size.writeUInt32BE(head.length);
  const body = typeof message === "string" ? Buffer.from(message) : (message ?? Buffer.alloc(0));
  return Buffer.concat([MAGIC, size, head, body]);
}

function entriesOf(params: Parcel["params"]): Head["params"] {
  if (params === undefined) return undefined;
  return Object.entries(params).map(([name, value]) =>
    value === undefined ? [name] : [name, comparable(value)],
  );
}

/** Numbers stand for their text; what is neither text nor a list equals nothing that a path can have, as `null` does. */
function comparable(value: unknown): unknown {
  if (typeof value === "number") return String(value);
  if (Array.isArray(value))
    return value.map((segment) => (Array.isArray(segment) ? null : comparable(segment)));
  return typeof value === "string" ? value : null;
}

/** @returns `undefined` for what is no parcel */
export function decodeParcel(payload: Uint8Array): (Parcel & { readonly origin: string }) | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  if (bytes.length < HEAD_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const bodyAt = HEAD_AT + bytes.readUInt32BE(MAGIC.length);
  if (bodyAt > bytes.length) return undefined;
  const head = readHead(bytes.toString("utf8", HEAD_AT, bodyAt));
  if (head === undefined) return undefined;
  // One by one: whatever else the head has is not part of a parcel.
  const { origin, type, params, key, close } = head;
  const parcel = {
    origin,
    params: params && Object.fromEntries(params),
    key,
    close: close && { code: close.code, reason: close.reason },
  };
  if (type === "none") return parcel;
  const body = bytes.subarray(bodyAt);
  return { ...parcel, message: type === "text" ? body.toString() : body };
}

function readHead(json: string): Head | undefined {
  try {
    const head: unknown = JSON.parse(json);
    return isHead(head) ? head : undefined;
  } catch {
    return undefined;
  }
}

function isHead(head: unknown): head is Head {
  if (typeof head !== "object" || head === null) return false;
  const { origin, type, params, key, close } = head as Record<string, unknown>;
  return (
    typeof origin === "string" &&
    (type === "text" || type === "binary" || (type === "none" && isClose(close))) &&
    (params === undefined || (Array.isArray(params) && params.every(isParam))) &&
    (key === undefined || typeof key === "string") &&
    (close === undefined || isClose(close))
  );
}

function isParam(param: unknown): boolean {
  return Array.isArray(param) && typeof param[0] === "string";
}

function isClose(close: unknown): boolean {
  if (typeof close !== "object" || close === null) return false;
  const { code, reason } = close as Record<string, unknown>;
  return closeReasonProblem(code, reason) === undefined;
}
