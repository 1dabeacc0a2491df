/** An upgrade that a route accepts: what was agreed on, and how the connection becomes a socket. */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { HandshakeFacts } from "../connection/handshake-facts.js";
import { renouncesTakeover, type CompressionAgreement } from "../protocol/compression-offer.js";
import type { ValidHandshake } from "../protocol/server-handshake.js";
import { admit } from "../routing/admission.js";
import type { ConnectionPlace } from "../routing/connection-limits.js";
import { CompactFacts, canBeCompact } from "./compact-facts.js";
import { GOING_DOWN, tooManyConnections, type HttpAnswer } from "./http-answer.js";
import { MessageCompression } from "./message-compression.js";
import { takeSocket } from "./socket-reading.js";
import { switchFields, type Fields } from "./switching-protocols.js";
import { TcpTransport } from "./tcp-transport.js";
import type { Acceptance, UpgradeRoute } from "./upgrade-of.js";

/** What an upgrade came with. */
export interface UpgradeParts {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came behind the request. */
  readonly head: Buffer;
  /** The request's target, as it came. */
  readonly target: string;
  /** When the upgrade began, on the clock of `now`. */
  readonly began: number;
}

export interface AdmittedUpgrade {
  readonly kind: "admitted";
  /** The fields of the 101. */
  readonly fields: Fields;
  /** Makes the connection a socket of the route, once the 101 is out. */
  readonly open: (parts: UpgradeParts) => void;
}

/** What the connection of an upgrade is to the server. */
export interface UpgradeConnection {
  readonly place: ConnectionPlace;
  /** Whether it came over TLS to this process. */
  readonly isSecure: boolean;
}

/** Why it may not become a socket. */
export type RefusedUpgrade =
  /** By an answer of ours, */
  | ({ readonly kind: "refused" } & HttpAnswer)
  /** or by one of the application. */
  | { readonly kind: "answered"; readonly answer: Response };

/**
 * Judges whether an upgrade may become a socket of its route.
 *
 * @throws {SubprotocolError} if the route chooses a subprotocol that was not offered
 * @throws what the functions among the options throw, unless it is a `Response`
 */
export function admitUpgrade<Params, Request, TheRoute extends UpgradeRoute>(
  acceptance: Acceptance<Params, Request, TheRoute>,
  handshake: ValidHandshake,
  { place, isSecure }: UpgradeConnection,
): AdmittedUpgrade | RefusedUpgrade {
  const { sockets, route, request, remoteAddress = "" } = acceptance;
  const status = place.enter(sockets.limits) ?? place.enterAs(remoteAddress);
  if (status !== undefined) return { kind: "refused", ...tooManyConnections(status) };
  if (sockets.isDraining) return { kind: "refused", ...GOING_DOWN };
  const { settings } = route;
  const admission = admit({ handshake, secure: isSecure, settings, request, owner: sockets });
  if (admission.kind !== "admitted") return admission;
  const { subprotocol, compression, identity } = admission;
  return {
    kind: "admitted",
    fields: switchFields(handshake.key, subprotocol, compression),
    open: (parts) => {
      const transport = transportOf(parts, acceptance, { handshake, compression });
      const facts = factsOf(parts, acceptance, subprotocol);
      sockets.open({ route, transport, facts, identity, began: parts.began });
    },
  };
}

/** What the client has offered, and what became of it. */
interface Agreed {
  readonly handshake: ValidHandshake;
  readonly compression: CompressionAgreement | undefined;
}

function transportOf<Params, Request>(
  { socket, head }: UpgradeParts,
  { route, remoteAddress }: Acceptance<Params, Request>,
  { handshake, compression: agreement }: Agreed,
): TcpTransport {
  const { maxMessageSize, compression: offered } = route.settings;
  const compression =
    agreement &&
    offered &&
    new MessageCompression({
      windowBits: agreement.serverMaxWindowBits,
      threshold: offered.threshold,
      maxMessageSize,
      peerWindowBits: agreement.clientMaxWindowBits,
      peerTakeover: renouncesTakeover(handshake.extensions) ? "renounced" : "forbidden",
    });
  return new TcpTransport(takeSocket(socket, head), { remoteAddress, maxMessageSize, compression });
}

function factsOf<Params, Request>(
  { request: message, socket, target }: UpgradeParts,
  { params, request, isUnseen = false }: Acceptance<Params, Request>,
  subprotocol: string | undefined,
): HandshakeFacts<Params, Request> {
  if (!isUnseen || !canBeCompact(message, socket))
    return { request, params, target, rawHeaders: message.rawHeaders, subprotocol };
  const facts = new CompactFacts(message, socket, params, subprotocol);
  return facts as HandshakeFacts<Params, unknown> as HandshakeFacts<Params, Request>; // the request is a message
}
