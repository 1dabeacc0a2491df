/** What came from the endpoint under test, and what was to come. */

import assert from "node:assert/strict";

/** A message, a control frame, or the end of the connection; `violation` is one of the endpoint under test. */
export interface Arrival {
  readonly kind: "text" | "binary" | "ping" | "pong" | "close" | "end" | "violation";
  /** Inflated, if it was compressed. */
  readonly payload: Buffer;
  /** Whether the message came compressed. */
  readonly compressed: boolean;
}

export interface Expected {
  readonly kind: Arrival["kind"];
  /** Without it, it may be any. */
  readonly payload?: Buffer;
  /** Without it, it may be either. */
  readonly compressed?: boolean;
  /** Of a close frame: `undefined` for one without a code. */
  readonly code?: number | undefined;
}

export function text(payload: string | Buffer, compressed?: boolean): Expected {
  return { kind: "text", payload: Buffer.from(payload), ...(compressed !== undefined && { compressed }) };
}

export function binary(payload: string | Buffer, compressed?: boolean): Expected {
  return { kind: "binary", payload: Buffer.from(payload), ...(compressed !== undefined && { compressed }) };
}

export function ping(payload: string | Buffer = ""): Expected {
  return { kind: "ping", payload: Buffer.from(payload) };
}

export function pong(payload: string | Buffer = ""): Expected {
  return { kind: "pong", payload: Buffer.from(payload) };
}

/** A close frame. @param code - `undefined` for none. @param reason - any, unless given */
export function close(code: number | undefined, reason?: string | Buffer): Expected {
  if (reason === undefined) return { kind: "close", code };
  return { kind: "close", code, payload: Buffer.concat([codeBytes(code), Buffer.from(reason)]) };
}

/** The two bytes of a close code; none for none. */
export function codeBytes(code: number | undefined): Buffer {
  return code === undefined ? Buffer.alloc(0) : Buffer.of(code >>> 8, code & 0xff);
}

export function assertArrival(arrival: Arrival, expected: Expected): void {
  const { kind, payload, compressed } = expected;
  assert.equal(arrival.kind, kind, `expected ${told(expected)}, but ${told(arrival)} came`);
  if (payload !== undefined)
    assert.ok(arrival.payload.equals(payload), `expected ${told(expected)}, but ${told(arrival)} came`);
  if (compressed !== undefined)
    assert.equal(arrival.compressed, compressed, "whether the message is compressed");
  if (kind !== "close") return;
  const code = arrival.payload.length < 2 ? undefined : arrival.payload.readUInt16BE();
  assert.equal(code, expected.code, `expected the close code ${expected.code}, but ${told(arrival)} came`);
}

function told({ kind, payload }: Expected): string {
  if (payload === undefined) return kind;
  return `${kind} of ${payload.length} bytes (${payload.toString("latin1", 0, 60)})`;
}
