/** What Node's HTTP server keeps to itself about its connections: its classes, and the response that is under way. */

import * as http from "node:http";
import { ServerResponse, createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

type ResponseClass = new (request: IncomingMessage, options?: ResponseOptions) => ServerResponse;

interface ResponseOptions {
  readonly highWaterMark?: number;
  readonly rejectNonStandardBodyWrites?: boolean;
}

/** Where a server keeps its option `ServerResponse`. Undocumented: without it, responses are of Node's own class. */
const classKey = Object.getOwnPropertySymbols(createServer()).find(
  ({ description }) => description === "ServerResponse",
);

/** Makes a response as a server does: of the class that it was created with, and with its options. */
export function makeResponse(request: IncomingMessage, server: Server | undefined): ServerResponse {
  if (server === undefined) return new ServerResponse(request);
  const { rejectNonStandardBodyWrites } = server as { rejectNonStandardBodyWrites?: boolean };
  const options = rejectNonStandardBodyWrites === true ? { rejectNonStandardBodyWrites } : undefined;
  return new (responseClassOf(server))(request, options);
}

function responseClassOf(server: Server): ResponseClass {
  const found: unknown = classKey === undefined ? undefined : Reflect.get(server, classKey);
  return isResponseClass(found) ? found : ServerResponse;
}

function isResponseClass(value: unknown): value is ResponseClass {
  return typeof value === "function" && value.prototype instanceof ServerResponse;
}

/** The response that goes out on a socket at the moment. */
export function responseOn(socket: Duplex): ServerResponse | undefined {
  const response: unknown = Reflect.get(socket, "_httpMessage");
  return response instanceof ServerResponse ? response : undefined;
}

/** What Node reads the requests of a connection with. Undocumented: without it, the connection is announced again. */
const connectionListener: unknown = Reflect.get(http, "_connectionListener");

/** Has a server read requests from a connection that it knows. Its own listeners for connections don't hear of it again. */
export function readRequests(server: Server, socket: Duplex): void {
  if (typeof connectionListener === "function") Reflect.apply(connectionListener, server, [socket]);
  else server.emit(socket instanceof TLSSocket ? "secureConnection" : "connection", socket);
}
