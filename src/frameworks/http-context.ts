/** Request listeners that know the socket of their client: `sockets.context()` where there is no framework. */

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "../connection/socket.js";
import { FAILED, writeAnswer, writeWebResponse } from "../node/http-answer.js";
import type { Logger } from "../routing/options.js";
import { inScopeOf } from "../routing/socket-scope.js";
import { isResponse } from "../routing/thrown-answer.js";

/**
 * @param find - finds the socket of a request
 * @param logger - is told when that fails, as there is no framework that would answer
 */
export function contextListener(
  listener: RequestListener,
  find: (request: IncomingMessage) => Socket<unknown> | Response | undefined,
  logger: Logger,
): (request: IncomingMessage, response: ServerResponse) => void {
  const fail = (response: ServerResponse, error: unknown): void => {
    logger.error("jackfield: it could not be told whose a request is", error);
    if (response.headersSent) response.destroy();
    else writeAnswer(response, FAILED);
  };
  const serve: RequestListener = (request, response) => {
    let found: ReturnType<typeof find>;
    try {
      found = find(request);
    } catch (error) {
      return fail(response, error);
    }
    if (!isResponse(found)) return inScopeOf(found, () => listener(request, response));
    writeWebResponse(response, found).catch((error: unknown) => fail(response, error));
  };
  return serve;
}
