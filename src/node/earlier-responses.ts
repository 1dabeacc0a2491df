/** Waiting for the responses to earlier requests of a connection. */

import type { Duplex } from "node:stream";
import { relayDrain } from "./http-answer.js";
import { responseOn } from "./server-classes.js";

/**
 * A client may send its upgrade before it has the responses to earlier requests (RFC 9112 §9.3.2). These take as long as
 * they would without the upgrade. Node no longer tells them when the connection drains, so that we do.
 *
 * @param isAwaited - whether anybody still waits when one of them is out
 * @param then - called as soon as no response is under way
 */
export function afterEarlierResponses(socket: Duplex, isAwaited: () => boolean, then: () => void): void {
  const earlier = responseOn(socket);
  if (earlier === undefined) return then();
  relayDrain(earlier, socket);
  earlier.once("close", () => {
    if (isAwaited()) afterEarlierResponses(socket, isAwaited, then);
  });
  return undefined;
}
