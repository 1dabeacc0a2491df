/** Whether a valid opening handshake may become a socket of a route, and with which subprotocol. */

import type { ValidHandshake } from "../protocol/server-handshake.js";
import { chooseSubprotocol } from "../protocol/server-handshake.js";
import type { RouteSettings } from "./options.js";
import { isOriginAllowed } from "./origin.js";

/** An HTTP answer instead of a 101. */
export interface Refusal {
  readonly status: number;
  /** A sentence for the body. */
  readonly reason: string;
}

export interface Admission {
  /** The subprotocol to answer with. */
  readonly subprotocol: string | undefined;
}

/** @throws {SubprotocolError} if the route's function picks what was not offered */
export function admit(
  handshake: ValidHandshake,
  secure: boolean,
  settings: RouteSettings,
): Admission | Refusal {
  const facts = { origin: handshake.origin, host: handshake.host, secure };
  if (!isOriginAllowed(facts, settings.allowedOrigins)) {
    return { status: 403, reason: "Pages of this origin may not connect; see the option allowedOrigins." };
  }
  return { subprotocol: chooseSubprotocol(handshake.subprotocols, settings.subprotocols) };
}
