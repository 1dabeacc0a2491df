/** Answers over HTTP to an upgrade that does not become a socket. */

import { EventEmitter } from "node:events";
import { ServerResponse, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { soon } from "../base/timers.js";
import { upgradeAnswered, upgradeRefused, type RefusalEvent } from "../routing/diagnostics.js";
import { Deadline } from "./deadline.js";
import { ignoreErrors } from "./ignore-errors.js";
import { answerSeen } from "./seen-dispatch.js";

/** After an answer, the client has so long to take it and go, in milliseconds. */
const LINGER = 2_000;

export interface HttpAnswer {
  readonly status: number;
  /** A sentence for the body. */
  readonly reason: string;
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]> | undefined;
}

export const GOING_DOWN: HttpAnswer = { status: 503, reason: "The server goes down; try again later." };

export const NOT_FOUND: HttpAnswer = { status: 404, reason: "There is no WebSocket here." };

export const FAILED: HttpAnswer = { status: 500, reason: "The server failed." };

/** To a plain request for a route of sockets (RFC 9110 §15.5.22). */
export const UPGRADE_REQUIRED: HttpAnswer = {
  status: 426,
  reason: "This is a WebSocket; connect to it with ws:// or wss://.",
  headers: [["Upgrade", "websocket"]],
};

/** Tells those who watch the process why an upgrade is refused. */
export function tellRefusal(request: IncomingMessage, { status, reason }: HttpAnswer): void {
  if (!upgradeRefused.hasSubscribers) return;
  const event: RefusalEvent = { request, status, reason };
  upgradeRefused.publish(event);
}

/** Answers a request for which no framework was asked, and ends the connection. */
export function answerUpgrade(request: IncomingMessage, socket: Socket, answer: HttpAnswer): void {
  tellRefusal(request, answer);
  const response = lastResponse(request, socket);
  answerSeen(serverOf(socket), request, response, () => writeAnswer(response, answer));
}

/** The server that a socket has come to; undocumented. */
function serverOf(socket: Socket): Server | undefined {
  const server: unknown = Reflect.get(socket, "server");
  return server instanceof EventEmitter ? (server as Server) : undefined;
}

/** A response on a socket that nobody else owns; the connection ends with it. */
export function lastResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = responseTo(request);
  if (upgradeAnswered.hasSubscribers) upgradeAnswered.publish(response);
  socket.on("error", ignoreErrors);
  giveSocket(response, socket);
  response.on("finish", () => endAfterAnswer(response, socket));
  return response;
}

/** Has a response go out on a socket, and tells whoever streams into it when there is room again, as Node's server does. */
export function giveSocket(response: ServerResponse, socket: Socket): void {
  const onDrain = (): void => {
    if (response.writableNeedDrain) response.emit("drain");
  };
  socket.on("drain", onDrain);
  response.once("close", () => socket.off("drain", onDrain));
  response.assignSocket(socket);
}

/** A response to an upgrade; after it the connection ends, as the HTTP parser has gone already. */
export function responseTo(request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  return response;
}

export function writeAnswer(response: ServerResponse, { status, reason, headers = [] }: HttpAnswer): void {
  for (const [name, value] of headers) response.setHeader(name, value);
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`${reason}\n`);
}

/** The same for a framework to send. */
export function asWebResponse({ status, reason, headers = [] }: HttpAnswer): Response {
  const response = new Response(`${reason}\n`, { status });
  for (const [name, value] of headers) response.headers.set(name, value);
  return response;
}

/**
 * Writes an answer where no framework does it, beside the headers that were set so far. That the client goes away
 * meanwhile is no fault.
 */
export async function writeWebResponse(response: ServerResponse, answer: Response): Promise<void> {
  response.statusCode = answer.status;
  if (answer.statusText !== "") response.statusMessage = answer.statusText;
  for (const [name, value] of answer.headers) {
    if (name !== "set-cookie") response.setHeader(name, value);
  }
  for (const cookie of answer.headers.getSetCookie()) response.appendHeader("Set-Cookie", cookie);
  if (answer.body === null) response.end();
  else await pipeline(Readable.fromWeb(answer.body), response).catch(unlessGone);
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
}

/** Parts a finished response from its socket, and tells those who wait for its end, as Node's server does. */
export function closeResponse(response: ServerResponse, socket: Socket): void {
  response.detachSocket(socket);
  soon(() => {
    response.destroyed = true;
    response.emit("close");
  });
}

/** Ends the connection after a response that was written. What still comes is discarded, so that it is not reset. */
export function endAfterAnswer(response: ServerResponse, socket: Socket): void {
  closeResponse(response, socket);
  socket.end();
  socket.resume();
  const deadline = new Deadline(LINGER, () => socket.destroy());
  socket.once("close", () => deadline.clear());
}
