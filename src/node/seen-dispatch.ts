/**
 * Shows upgrades to those who watch a server's requests: tools for tracing and for errors wrap `emit` of servers, or
 * subscribe to Node's channels. They see an upgrade as a request of its own, which ends with the 101 or the refusal, and
 * what they put around it is around the middleware, too. Where nobody watches, nothing of this is done.
 */

import { channel } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { emitToListeners, emitToOne, isEmitWatched } from "./upgrade-interception.js";

// Node's own; it tells of a response that is created by itself.
const requestStarted = channel("http.server.request.start");
const responseCreated = channel("http.server.response.created");
const responseFinished = channel("http.server.response.finish");

/** Those that were shown. One that is answered a second time, after its deadline, is still the same request. */
const shown = new WeakSet<IncomingMessage>();

/** Whether somebody watches the requests of a server. */
export function isWatched(server: Server): boolean {
  return (
    requestStarted.hasSubscribers ||
    responseCreated.hasSubscribers ||
    responseFinished.hasSubscribers ||
    isEmitWatched(server)
  );
}

/** Has an upgrade run through a framework, as a request that only that framework gets. */
export function dispatchSeen(
  server: Server,
  upgrade: { readonly request: IncomingMessage; readonly response: ServerResponse },
  dispatch: () => void,
): void {
  if (!isWatched(server)) return dispatch();
  const { request, response } = upgrade;
  show(server, request, response, dispatch);
}

/** Answers an upgrade that no framework is asked for. */
export function answerSeen(
  server: Server | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => void,
): void {
  if (server === undefined || shown.has(request) || !isWatched(server)) return answer();
  show(server, request, response, answer);
}

function show(server: Server, request: IncomingMessage, response: ServerResponse, task: () => void): void {
  shown.add(request);
  announce(server, request, response);
  emitToOne(server, request, response, task);
}

/** Tells on Node's channels of a request that Node does not tell of. */
export function announce(server: Server, request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  const facts = { request, response, socket, server };
  if (requestStarted.hasSubscribers) requestStarted.publish(facts);
  response.on("finish", () => {
    if (responseFinished.hasSubscribers) responseFinished.publish(facts);
  });
}

/** Gives a request to the listeners of a server. An upgrade that was shown is not to be seen a second time. */
export function giveToListeners(server: Server, request: IncomingMessage, response: ServerResponse): void {
  if (shown.has(request)) emitToListeners(server, request, response);
  else server.emit("request", request, response);
}
