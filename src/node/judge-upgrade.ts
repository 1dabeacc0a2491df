/** Judges an upgrade as a server of Node gives it. */

import type { IncomingMessage } from "node:http";
import {
  judgeHandshake,
  type HandshakeVerdict,
  type RefusedHandshake,
} from "../protocol/server-handshake.js";

/** Names and values together, where `maxHeadersCount` is not set: not the 2,000 fields that Node's documentation says. */
const NODES_MOST_HEADER_ITEMS = 2_000;

const TOO_MANY_FIELDS: RefusedHandshake = {
  kind: "refused",
  status: 431,
  reason: "Expected fewer header fields; send fewer.",
  headers: [],
};

/** @param server - the server that it came to; not every socket knows its own */
export function judgeUpgrade(request: IncomingMessage, server: unknown): HandshakeVerdict {
  const { method = "", httpVersion, url: target = "", rawHeaders } = request;
  if (rawHeaders.length >= mostHeaderItems(server)) return TOO_MANY_FIELDS;
  return judgeHandshake({ method, httpVersion, target, rawHeaders });
}

/** Of so many names and values Node may have dropped some: then no verdict is safe. */
function mostHeaderItems(server: unknown): number {
  const set: unknown = (server as { maxHeadersCount?: unknown } | undefined)?.maxHeadersCount;
  const most = typeof set === "number" ? 2 * set : NODES_MOST_HEADER_ITEMS;
  return most > 0 ? most : Infinity;
}
