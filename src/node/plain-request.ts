/** An upgrade that is none of ours, served as the plain request that it also is (RFC 9110 §7.8). */

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { lastResponse } from "./http-answer.js";
import { announce } from "./seen-dispatch.js";
import { readRequests } from "./server-classes.js";

/** Fields that ask for the upgrade; without them, Node's server sees a request like any other. */
const upgradeFields: ReadonlySet<string> = new Set(["upgrade", "http2-settings"]);

/** Versions of HTTP and TLS that clients offer with an ordinary request: Java's HTTP client with every first one. */
const HTTP_AND_TLS = /^\s*(?:h2c?|http|tls)(?:\/[\d.]+)?\s*$/i;

/** Whether the request asks for nothing that any listener for upgrades would want. */
export function isPlainForAll({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? "").split(",").every((protocol) => HTTP_AND_TLS.test(protocol));
}

/** Gives the connection back to the server, which reads the request again, without the upgrade: its body too. */
export function servePlain(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // Newer versions of Node read the body into the request: then this is the request to serve, and the last.
  if (!request.complete || request.readableLength > 0) {
    const response = lastResponse(request, socket, server);
    announce(server, request, response);
    server.emit("request", request, response);
    return;
  }
  socket.unshift(Buffer.concat([Buffer.from(headOf(request), "latin1"), head]));
  readRequests(server, socket);
}

function headOf(request: IncomingMessage): string {
  const { method, url, httpVersion, rawHeaders } = request;
  let head = `${method ?? "GET"} ${url ?? "/"} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    if (upgradeFields.has(name.toLowerCase())) continue;
    head += `${name}: ${name.toLowerCase() === "connection" ? withoutUpgrade(value) : value}\r\n`;
  }
  return `${head}\r\n`;
}

function withoutUpgrade(connection: string): string {
  const options = connection.split(",").map((option) => option.trim());
  return options.filter((option) => !/^(?:upgrade|http2-settings)$/i.test(option)).join(", ");
}
