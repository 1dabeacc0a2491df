/** Answers over HTTP to an upgrade that does not become a socket. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable, type Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { soon } from "../base/timers.js";
import { upgradeAnswered, upgradeRefused, type RefusalEvent } from "../routing/diagnostics.js";
import { Deadline } from "./deadline.js";
import { guardErrors } from "./ignore-errors.js";
import { makeResponse, responseOn } from "./server-classes.js";
import { readyAnswer } from "./ready-answer.js";
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

export function tooManyConnections(status: 429 | 503): HttpAnswer {
  return { status, reason: "There are too many connections; try again later." };
}

/** Answers a request for which no framework was asked, and ends the connection. */
export function answerUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  answer: HttpAnswer,
  server?: Server,
): void {
  tellRefusal(request, answer);
  const response = lastResponse(request, socket, server);
  answerSeen(server, request, response, () => writeAnswer(response, answer));
}

/** A response on a socket that nobody else owns; the connection ends with it. */
export function lastResponse(request: IncomingMessage, socket: Duplex, server?: Server): ServerResponse {
  const response = responseTo(request, server);
  if (upgradeAnswered.hasSubscribers) upgradeAnswered.publish(response);
  guardErrors(socket);
  giveSocket(response, socket);
  response.on("finish", () => endAfterAnswer(socket));
  return response;
}

/** Has a response go out on a socket. */
export function giveSocket(response: ServerResponse, socket: Duplex): void {
  relayDrain(response, socket);
  response.assignSocket(socket as Socket); // any stream will do: Node assigns such ones too
}

/** Tells whoever streams into a response when its socket has room again, as Node's server does until an upgrade comes. */
export function relayDrain(response: ServerResponse, socket: Duplex): void {
  const onDrain = (): void => {
    if (response.writableNeedDrain) response.emit("drain");
  };
  socket.on("drain", onDrain);
  response.once("close", () => socket.off("drain", onDrain));
}

/** Takes a response off its socket. */
export function detachResponse(response: ServerResponse, socket: Duplex): void {
  response.detachSocket(socket as Socket);
}

/** A response to an upgrade; after it the connection ends, as the HTTP parser has gone already. */
export function responseTo(request: IncomingMessage, server?: Server): ServerResponse {
  const response = makeResponse(request, server);
  response.shouldKeepAlive = false;
  return response;
}

/**
 * Calls back when the head of a response has been written. It is the method of this one response that is
 * replaced: Express gives responses another prototype.
 */
export function whenHeadIsWritten(response: ServerResponse, callback: (status: number) => void): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]): ServerResponse => {
    const written = writeHead(...args); // throws if the head is no valid one, and then nothing was written
    callback(Number(args[0]));
    return written;
  };
}

export function writeAnswer(response: ServerResponse, { status, reason, headers = [] }: HttpAnswer): void {
  const body = Buffer.from(`${reason}\n`);
  for (const [name, value] of headers) response.setHeader(name, value);
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  setLength(response, body.length);
  response.end(body);
}

/** Says how long the body is, whatever middleware has said of an answer of its own. */
function setLength(response: ServerResponse, length: number): void {
  response.removeHeader("Transfer-Encoding");
  response.setHeader("Content-Length", length);
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
  const { status, statusText, fields, length, body } = await readyAnswer(answer);
  response.statusCode = status;
  if (statusText !== "") response.statusMessage = statusText;
  response.removeHeader("Content-Length");
  for (const [name, value] of fields) {
    if (name === "set-cookie") response.appendHeader("Set-Cookie", value);
    else response.setHeader(name, value);
  }
  if (length !== undefined) setLength(response, length);
  if (body === null) response.end();
  else if (body instanceof Uint8Array) response.end(body);
  else await pipeline(Readable.fromWeb(body), response).catch(unlessGone);
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
}

/** Parts a finished response from its socket, and tells those who wait for its end, as Node's server does. */
export function closeResponse(response: ServerResponse, socket: Duplex): void {
  detachResponse(response, socket);
  soon(() => {
    response.destroyed = true;
    response.emit("close");
  });
}

/** Ends the connection after the response that was written. What still comes is discarded, so that it is not reset. */
export function endAfterAnswer(socket: Duplex): void {
  const response = responseOn(socket);
  if (response !== undefined) closeResponse(response, socket);
  socket.end();
  socket.resume();
  const deadline = new Deadline(LINGER, () => socket.destroy());
  socket.once("close", () => deadline.clear());
}
