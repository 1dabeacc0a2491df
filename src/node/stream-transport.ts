/** A transport over any stream of bytes that goes both ways. */

import type { Duplex } from "node:stream";
import type { Transport } from "../connection/transport.js";
import { InvalidOptionError } from "../errors.js";
import type { Role } from "../protocol/opcode.js";
import { check, checkKnown } from "../routing/option-checks.js";
import { takeSocket } from "./socket-reading.js";
import { TcpTransport } from "./tcp-transport.js";

/** How a stream carries a WebSocket connection. */
export interface StreamTransportOptions {
  /** Which side of the connection this is: a client masks its frames (RFC 6455 §5.3). @default "server" */
  readonly role?: Role;
  /** The most bytes that a message may have; a longer one ends the connection with 1009. @default 1048576 */
  readonly maxMessageSize?: number;
  /** What came behind the opening handshake already, before the stream was handed over. @default none */
  readonly head?: Uint8Array;
  /** The address of the other side, for `ws.remoteAddress`. @default unknown */
  readonly remoteAddress?: string | undefined;
}

const DEFAULT_MAX_MESSAGE_SIZE = 1_048_576;
const NOTHING: Uint8Array = new Uint8Array(0);
const methods = ["read", "write", "pause", "resume", "end", "destroy", "on"] as const;

/**
 * Makes a transport of a stream on which the opening handshake is done: a socket of TCP or TLS, the stream of an HTTP/2
 * request (RFC 8441), a channel of SSH, one end of a pair in memory. From now on the stream is the transport's: nothing
 * else may read from it or write to it. Its `close` event is the end of the connection.
 *
 * Messages are not compressed: permessage-deflate must not be agreed on.
 *
 * @param stream - a duplex stream of bytes: neither in object mode nor with an encoding
 * @throws {InvalidOptionError}
 */
export function streamTransport(stream: Duplex, options: StreamTransportOptions = {}): Transport {
  checkStream(stream);
  checkKnown(options, ["role", "maxMessageSize", "head", "remoteAddress"]);
  check(options, "role", `"server" or "client"`, (role) => role === "server" || role === "client");
  check(options, "maxMessageSize", "a number, at least 1", (size) => typeof size === "number" && size >= 1);
  check(options, "head", "bytes", (head) => head instanceof Uint8Array);
  check(options, "remoteAddress", "a string", (address) => typeof address === "string");
  const { head = NOTHING, role = "server" } = options;
  const { maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE, remoteAddress } = options;
  const reading = takeSocket(stream, Buffer.from(head));
  return new TcpTransport(reading, { role, maxMessageSize, remoteAddress, compression: undefined });
}

function checkStream(stream: unknown): void {
  const given = (stream ?? {}) as Partial<Duplex>;
  const isDuplex = methods.every((method) => typeof given[method] === "function");
  const carriesBytes = given.readableObjectMode !== true && given.writableObjectMode !== true;
  if (!isDuplex || !carriesBytes || typeof given.readableEncoding === "string")
    throw new InvalidOptionError("stream", "a duplex stream of bytes, without an encoding", stream);
}
