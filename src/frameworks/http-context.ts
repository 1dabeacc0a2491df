/** Request listeners that know the socket of their client: `sockets.context()` where there is no framework. */

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "../connection/socket.js";
import { FAILED, writeAnswer } from "../node/http-answer.js";
import type { Logger } from "../routing/options.js";
import { inScopeOf } from "../routing/socket-scope.js";

/**
 * @param find - finds the socket of a request
 * @param logger - is told when that fails, as there is no framework that would answer
 */
export function contextListener(
  listener: RequestListener,
  find: (request: IncomingMessage) => Socket<unknown> | undefined,
  logger: Logger,
): (request: IncomingMessage, response: ServerResponse) => void {
  const found = (request: IncomingMessage): { readonly socket: Socket<unknown> | undefined } | undefined => {
    try {
      return { socket: find(request) };
    } catch (error) {
      logger.error("jackfield: it could not be told whose a request is", error);
      return undefined;
    }
  };
  return (request, response) => {
    const client = found(request);
    if (client === undefined) return writeAnswer(response, FAILED);
    return inScopeOf(client.socket, () => listener(request, response as Parameters<RequestListener>[1]));
  };
}
