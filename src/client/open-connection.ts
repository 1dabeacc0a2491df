/** Connects to a WebSocket server: the opening handshake of a client (RFC 6455 §4.1). */

import { AsyncResource } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import type { Socket as NetSocket } from "node:net";
import { startTimer } from "../base/timers.js";
import type { Socket } from "../connection/socket.js";
import { InvalidOptionError } from "../errors.js";
import { ignoreErrors } from "../node/ignore-errors.js";
import { MessageCompression } from "../node/message-compression.js";
import { openSocket } from "../node/open-socket.js";
import { takeSocket } from "../node/socket-reading.js";
import { TcpTransport } from "../node/tcp-transport.js";
import { createKey, readHandshakeAnswer } from "../protocol/client-handshake.js";
import {
  compressionOffer,
  type CompressionAgreement,
  type CompressionSettings,
} from "../protocol/compression-offer.js";

/** A header field of the request. */
export type Field = readonly [name: string, value: string];

/** How to connect. */
export interface OpeningOptions {
  /** More fields of the request; those of the handshake itself are not to be changed. @default none */
  readonly headers?: readonly Field[];
  /** Those that are offered, the one that is liked best first. @default none */
  readonly subprotocols?: readonly string[];
  /** Offers permessage-deflate (RFC 7692). @default not offered */
  readonly compression?: ClientCompression | undefined;
  /** Whether the server's certificate may be anyone's. @default false */
  readonly insecure?: boolean;
  /** The path of a Unix socket to connect to, whatever the host of the URL is. @default none */
  readonly unix?: string | undefined;
  /** How long the server may take to answer, in milliseconds. @default 10000 */
  readonly timeout?: number;
}

/** What is offered, and what becomes of it. */
export interface ClientCompression extends CompressionSettings {
  /** Messages shorter than this are not compressed, in bytes. */
  readonly threshold: number;
}

/** A connection as the client has it; its `request` is the server's answer, whose `headers` are to be seen. */
export type ClientSocket = Socket<Record<string, never>, IncomingMessage>;

/** What came of it. */
export type Opening =
  | { readonly kind: "opened"; readonly ws: ClientSocket }
  /** The server answered as any HTTP server may; its body is still to be read. */
  | { readonly kind: "refused"; readonly response: IncomingMessage }
  /** The server switched protocols, but against the rules; `reason` says how. The connection is gone. */
  | { readonly kind: "invalid"; readonly reason: string };

const DEFAULT_TIMEOUT = 10_000;

/** The most that a message may have, in bytes: of a server, one takes more than of a client. */
export const MAX_MESSAGE_SIZE: number = 64 * 2 ** 20;

const handshakeFields: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
]);

/**
 * Connects.
 *
 * @param url - `ws:`, `wss:`, `http:` or `https:`
 * @throws {InvalidOptionError} if a field may not be given
 * @throws {Error} of Node, if the server cannot be reached, or does not answer in time
 */
export function openConnection(url: URL, options: OpeningOptions = {}): Promise<Opening> {
  const key = createKey(randomBytes(16));
  const open = AsyncResource.bind(switched);
  return new Promise((resolve, reject) => {
    const { timeout = DEFAULT_TIMEOUT } = options;
    const request = requestFor(url, key, options);
    const deadline = startTimer(() => {
      request.destroy(new Error(`there was no answer within ${timeout} ms`));
    }, timeout);
    request.once("close", () => deadline.close());
    request.on("error", reject); // of several, the first one counts
    request.once("response", (response) => {
      deadline.close();
      resolve({ kind: "refused", response });
    });
    request.once("upgrade", (response, socket, head) => {
      deadline.close();
      resolve(open({ response, socket, head, key, options, url }));
    });
    request.end();
  });
}

function requestFor(url: URL, key: string, options: OpeningOptions): ClientRequest {
  const { headers = [], subprotocols = [], compression, insecure = false, unix } = options;
  const forbidden = headers.find(([name]) => handshakeFields.has(name.toLowerCase()));
  if (forbidden !== undefined)
    throw new InvalidOptionError("headers", "none of the fields of the handshake itself", forbidden[0]);
  const isSecure = url.protocol === "wss:" || url.protocol === "https:";
  const address = new URL(url);
  address.protocol = isSecure ? "https:" : "http:";
  const request = (isSecure ? requestHttps : requestHttp)(address, {
    agent: false,
    rejectUnauthorized: !insecure,
    ...(unix !== undefined && { socketPath: unix }),
  });
  for (const [name, value] of headers) {
    if (name.toLowerCase() === "host")
      request.setHeader(name, value); // there is one already
    else request.appendHeader(name, value);
  }
  request.setHeader("Connection", "Upgrade");
  request.setHeader("Upgrade", "websocket");
  request.setHeader("Sec-WebSocket-Key", key);
  request.setHeader("Sec-WebSocket-Version", "13");
  if (subprotocols.length > 0) request.setHeader("Sec-WebSocket-Protocol", subprotocols.join(", "));
  if (compression !== undefined) request.setHeader("Sec-WebSocket-Extensions", compressionOffer(compression));
  return request;
}

interface Switched {
  readonly response: IncomingMessage;
  readonly socket: NetSocket;
  readonly head: Buffer;
  readonly key: string;
  readonly options: OpeningOptions;
  readonly url: URL;
}

/** The server answered with 101. */
function switched({ response, socket, head, key, options, url }: Switched): Opening {
  const { statusCode: status = 0, rawHeaders } = response;
  const answer = readHandshakeAnswer(
    { status, rawHeaders },
    { key, subprotocols: options.subprotocols ?? [], compression: options.compression },
  );
  if (answer.kind === "refused") {
    socket.on("error", ignoreErrors);
    socket.destroy();
    return { kind: "invalid", reason: answer.reason };
  }
  const transport = new TcpTransport(takeSocket(socket, head), {
    role: "client",
    remoteAddress: socket.remoteAddress,
    maxMessageSize: MAX_MESSAGE_SIZE,
    compression: compressionOf(answer.compression, options.compression),
  });
  const target = url.pathname + url.search;
  const ws = openSocket(transport, {
    request: response,
    target,
    rawHeaders,
    subprotocol: answer.subprotocol,
  });
  return { kind: "opened", ws };
}

function compressionOf(
  agreement: CompressionAgreement | undefined,
  offered: ClientCompression | undefined,
): MessageCompression | undefined {
  if (agreement === undefined || offered === undefined) return undefined;
  return new MessageCompression({
    windowBits: agreement.clientMaxWindowBits,
    threshold: offered.threshold,
    maxMessageSize: MAX_MESSAGE_SIZE,
    peerWindowBits: agreement.serverMaxWindowBits,
    peerTakeover: agreement.serverNoContextTakeover ? "renounced" : "agreed",
  });
}
