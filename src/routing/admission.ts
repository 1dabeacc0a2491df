/** Whether a valid opening handshake may become a socket of a route, whose, and with which subprotocol and compression. */

import { acceptCompressionOffer, type CompressionAgreement } from "../protocol/compression-offer.js";
import type { ValidHandshake } from "../protocol/server-handshake.js";
import {
  chooseSubprotocol,
  readExtensionOffers,
  type RefusedHandshake,
} from "../protocol/server-handshake.js";
import type { RouteSettings } from "./options.js";
import { isOriginAllowed } from "./origin.js";
import { answerThrown } from "./thrown-answer.js";

/** What is asked about an upgrade. */
export interface AdmissionFacts {
  readonly handshake: ValidHandshake;
  /** Whether it came over TLS to this process. */
  readonly secure: boolean;
  /** Those of the route. */
  readonly settings: RouteSettings;
  /** The framework's own request. */
  readonly request: unknown;
  /** What says whose the socket will be. */
  readonly owner: { identify(request: unknown): string | undefined };
}

export type Admission =
  | {
      readonly kind: "admitted";
      /** The subprotocol to answer with. */
      readonly subprotocol: string | undefined;
      readonly identity: string | undefined;
      /** What was agreed on for compression; `undefined` for none. */
      readonly compression: CompressionAgreement | undefined;
    }
  /** An HTTP answer of ours instead of a 101; the reason is a sentence for the body. */
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** One of the application's, which a function among the options has thrown. */
  | { readonly kind: "answered"; readonly answer: Response };

const FOREIGN: Admission = {
  kind: "refused",
  status: 403,
  reason: "Pages of this origin may not connect; see the option allowedOrigins.",
};

/**
 * @throws {SubprotocolError} if the route's function picks what was not offered
 * @throws what the functions among the options throw, unless it is a `Response`
 */
export function admit({ handshake, secure, settings, request, owner }: AdmissionFacts): Admission {
  const { origin, host, subprotocols } = handshake;
  let asked = "allowedOrigins";
  try {
    if (!isOriginAllowed({ origin, host, secure }, settings.allowedOrigins)) return FOREIGN;
    const compression = agreeOnCompression(handshake, settings);
    if (compression !== undefined && "status" in compression) return compression;
    asked = "subprotocols";
    const subprotocol = chooseSubprotocol(subprotocols, settings.subprotocols);
    asked = "identify";
    return { kind: "admitted", subprotocol, compression, identity: owner.identify(request) };
  } catch (thrown) {
    return { kind: "answered", answer: answerThrown(thrown, asked) };
  }
}

/** Where compression is off, no extension is used: then nothing that the client says of any matters. */
function agreeOnCompression(
  { extensions }: ValidHandshake,
  { compression }: RouteSettings,
): CompressionAgreement | RefusedHandshake | undefined {
  if (compression === undefined) return undefined;
  const offers = readExtensionOffers(extensions);
  return "status" in offers ? offers : acceptCompressionOffer(offers, compression);
}
