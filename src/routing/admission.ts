/** Whether a valid opening handshake may become a socket of a route, and with which subprotocol and compression. */

import { acceptCompressionOffer, type CompressionAgreement } from "../protocol/compression-offer.js";
import type { ValidHandshake } from "../protocol/server-handshake.js";
import { chooseSubprotocol, readExtensionOffers } from "../protocol/server-handshake.js";
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
  /** What was agreed on for compression; `undefined` for none. */
  readonly compression: CompressionAgreement | undefined;
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
  const compression = agreeOnCompression(handshake, settings);
  if (compression !== undefined && "status" in compression) return compression;
  return { subprotocol: chooseSubprotocol(handshake.subprotocols, settings.subprotocols), compression };
}

/** Where compression is off, no extension is used: then nothing that the client says of any matters. */
function agreeOnCompression(
  { extensions }: ValidHandshake,
  { compression }: RouteSettings,
): CompressionAgreement | Refusal | undefined {
  if (compression === undefined) return undefined;
  const offers = readExtensionOffers(extensions);
  return "status" in offers ? offers : acceptCompressionOffer(offers, compression);
}
