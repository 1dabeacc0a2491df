/**
 * An upgrade on its way through the framework: the request runs as any GET does, with a real response, and either
 * reaches a socket route, which accepts it, or is answered over HTTP.
 */

import { AsyncResource } from "node:async_hooks";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { now } from "../base/timers.js";
import type { HandshakeFacts } from "../connection/handshake-facts.js";
import { timerWheel, UNSET, type Timed } from "../connection/timer-wheel.js";
import { UpgradeError } from "../errors.js";
import { acceptCompressionOffer, type CompressionAgreement } from "../protocol/compression-offer.js";
import type { ValidHandshake } from "../protocol/server-handshake.js";
import { admit } from "../routing/admission.js";
import { upgradeAnswered } from "../routing/diagnostics.js";
import type { OpenSockets } from "../routing/open-sockets.js";
import type { AnyRoute } from "../routing/route.js";
import { CompactFacts } from "./compact-facts.js";
import { discardResponse } from "./discarded-response.js";
import {
  GOING_DOWN,
  answerUpgrade,
  asWebResponse,
  closeResponse,
  endAfterAnswer,
  giveSocket,
  responseTo,
  tellRefusal,
  writeAnswer,
  type HttpAnswer,
} from "./http-answer.js";
import { ignoreErrors } from "./ignore-errors.js";
import { MessageCompression } from "./message-compression.js";
import { takeSocket } from "./socket-reading.js";
import { becomeSwitch, endSwitch, rawSwitch, switchFields } from "./switching-protocols.js";
import { TcpTransport } from "./tcp-transport.js";
import { untouched } from "./untouched.js";
import { setUpgradeOf, tooLate, type Acceptance, type UndecidedUpgrade, type Verdict } from "./upgrade-of.js";

/** What an upgrade comes with. */
export interface UpgradeParts {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** Bytes that came behind the request. */
  readonly head: Buffer;
  readonly handshake: ValidHandshake;
  /** Whether others were offered it already, and left it. @default false */
  readonly wasOffered?: boolean;
}

type State =
  /** The framework has not decided yet. */
  | "pending"
  /** A route has accepted, and the framework is to end the response. */
  | "accepted"
  /** It is a socket now, or was answered over HTTP, or left to somebody else, or the client has gone. */
  | "done";

export class PendingUpgrade implements Timed, UndecidedUpgrade {
  timerTurn: number = UNSET;
  timerNext: Timed | undefined;
  timerPrevious: Timed | undefined;

  readonly #parts: UpgradeParts;
  /** The request's target, which frameworks change on its way. */
  readonly #target: string;
  readonly #began = now();
  #response: ServerResponse | undefined;
  #state: State = "pending";
  #isClaimed = false;
  /** Whose connections it is counted among, */
  #counted: OpenSockets | undefined;
  /** and under which address. */
  #address: string | undefined;
  readonly #isUntouched: () => boolean;
  #open: (() => void) | undefined;

  constructor(parts: UpgradeParts, timeout: number) {
    const { request, socket } = parts;
    this.#parts = parts;
    this.#target = request.url ?? "/";
    this.#isUntouched = untouched(socket);
    setUpgradeOf(request, this);
    socket.on("error", ignoreErrors);
    socket.on("close", this.#onClose);
    timerWheel.set(this, timeout);
  }

  get request(): IncomingMessage {
    return this.#parts.request;
  }

  /** The path of the request, still percent-encoded. */
  get path(): string {
    return this.#parts.handshake.path;
  }

  /** A response like that to any request. Made when somebody asks for it: an upgrade that is accepted may need none. */
  get response(): ServerResponse {
    if (this.#response === undefined) {
      this.#response = responseTo(this.#parts.request);
      if (this.#state === "done") discardResponse(this.#response, this.#parts.socket);
      else if (this.#isClaimed) this.#assignSocket(this.#response);
    }
    return this.#response;
  }

  #assignSocket(response: ServerResponse): void {
    if (upgradeAnswered.hasSubscribers) upgradeAnswered.publish(response);
    giveSocket(response, this.#parts.socket);
    response.on("finish", this.#onFinish);
  }

  /** Whether nobody has decided yet. */
  get isPending(): boolean {
    return this.#state === "pending";
  }

  /** Whether nobody has decided, and nothing was answered, not even in part. */
  get isUndecided(): boolean {
    return this.isPending && this.#isUnanswered;
  }

  get #isUnanswered(): boolean {
    return this.#state !== "done" && this.#response?.headersSent !== true;
  }

  /** Whether it can still become ours: nobody else has begun to use the socket. */
  get isFree(): boolean {
    return this.#isClaimed || this.#isUntouched();
  }

  /**
   * Makes the upgrade ours: whatever the framework answers goes out, and it counts as a connection of `sockets`.
   * One that was answered before goes out uncounted where there is no room, as its connection ends with it.
   *
   * @returns what to answer if it is one connection too many
   */
  claim(sockets: OpenSockets): HttpAnswer | undefined {
    if (this.#isClaimed) return undefined;
    this.#isClaimed = true;
    const status = sockets.limits.enter();
    if (status === undefined) this.#counted = sockets;
    if (this.#response !== undefined) this.#assignSocket(this.#response);
    if (status === undefined || !this.isUndecided) return undefined;
    return { status, reason: TOO_MANY };
  }

  #countUnder(address: string): HttpAnswer | undefined {
    const status = this.#counted?.limits.enterAs(address);
    if (status !== undefined) return { status, reason: TOO_MANY };
    this.#address = address;
    return undefined;
  }

  /** Leaves the upgrade to somebody else. */
  letGo(): void {
    this.#settle("decided");
    this.#parts.socket.off("error", ignoreErrors);
  }

  /** Answers over HTTP, with the headers that the framework has set so far. */
  refuse(answer: HttpAnswer): void {
    tellRefusal(this.request, answer);
    writeAnswer(this.response, answer);
  }

  /**
   * The time for a decision is over. The framework's response is parted from the socket, so that a decision that comes
   * too late goes nowhere instead of failing.
   */
  expire(): void {
    const { request, socket } = this.#parts;
    const { isFree } = this;
    const isUnanswered = this.#isUnanswered;
    if (isUnanswered && this.#isClaimed && this.#response !== undefined) {
      this.#response.detachSocket(socket);
      discardResponse(this.#response, socket);
    }
    this.#settle("gone");
    if (!isFree) socket.off("error", ignoreErrors);
    else if (isUnanswered) answerUpgrade(request, socket, NOT_IN_TIME);
    else socket.destroy();
  }

  /**
   * Makes the connection a socket of a route, or tells what to answer instead.
   *
   * @throws {UpgradeError} if an answer was given already
   * @throws {SubprotocolError} if the route chooses a subprotocol that was not offered
   */
  accept<Params, Request>(acceptance: Acceptance<Params, Request>): Verdict {
    const { sockets, route } = acceptance;
    const { handshake, socket, wasOffered = false } = this.#parts;
    if (!this.isUndecided) throw new UpgradeError(tooLate(route.name));
    if (!this.isFree) {
      this.letGo(); // another listener was faster
      return "accepted";
    }
    const isOurs = this.#isClaimed || wasOffered || isSpokenBy(route, handshake.subprotocols);
    if (!isOurs) return "passed";
    const tooMany = this.claim(sockets) ?? this.#countUnder(acceptance.remoteAddress ?? "");
    if (tooMany !== undefined) return this.#refusal(tooMany);
    if (sockets.isDraining) return this.#refusal(GOING_DOWN);
    const admission = admit(handshake, "encrypted" in socket, route.settings);
    if ("status" in admission) return this.#refusal(admission);
    const identity = sockets.identify(acceptance.request);
    const { compression: offered } = route.settings;
    const compression = offered && acceptCompressionOffer(handshake.extensions, offered);
    const fields = switchFields(handshake.key, admission.subprotocol, compression);
    const open = (): void => this.#openSocket(acceptance, admission.subprotocol, compression, identity);
    this.#state = "accepted";
    if (this.#response === undefined) {
      socket.write(rawSwitch(fields), "latin1");
      open();
    } else {
      becomeSwitch(this.#response, fields);
      this.#open = AsyncResource.bind(open); // the response may be finished by somebody else
    }
    return "accepted";
  }

  #refusal(answer: HttpAnswer): Response {
    tellRefusal(this.request, answer);
    return asWebResponse(answer);
  }

  /** Ends the response to an upgrade that was accepted, where no framework does it. */
  complete(): void {
    if (this.#state === "accepted") endSwitch(this.response);
  }

  #openSocket<Params, Request>(
    acceptance: Acceptance<Params, Request>,
    subprotocol: string | undefined,
    agreement: CompressionAgreement | undefined,
    identity: string | undefined,
  ): void {
    const { sockets, route, remoteAddress } = acceptance;
    const { maxMessageSize, compression: offered } = route.settings;
    const { socket, head } = this.#parts;
    if (socket.errored !== null) return; // the 101 could not be written; the close that follows says all that matters
    this.#counted = undefined; // its session counts it out
    if (this.#response !== undefined) closeResponse(this.#response, socket);
    this.letGo();
    const reading = takeSocket(socket, head);
    const compression =
      agreement &&
      offered &&
      new MessageCompression({
        windowBits: agreement.serverMaxWindowBits,
        threshold: offered.threshold,
        maxMessageSize,
      });
    const transport = new TcpTransport(reading, { remoteAddress, maxMessageSize, compression });
    const facts = this.#factsOf(acceptance, subprotocol);
    sockets.open({ route, transport, facts, identity, began: this.#began });
  }

  #factsOf<Params, Request>(
    { params, request, isUnseen = false }: Acceptance<Params, Request>,
    subprotocol: string | undefined,
  ): HandshakeFacts<Params, Request> {
    const { request: message, socket } = this.#parts;
    if (!isUnseen)
      return { request, params, target: this.#target, rawHeaders: message.rawHeaders, subprotocol };
    const facts = new CompactFacts(message, socket, params, subprotocol);
    return facts as HandshakeFacts<Params, unknown> as HandshakeFacts<Params, Request>; // the request is a message
  }

  readonly #onFinish = (): void => {
    if (this.#state === "done") return;
    if (this.#open !== undefined && this.#response?.statusCode === 101) return this.#open();
    this.#settle("decided");
    endAfterAnswer(this.response, this.#parts.socket);
  };

  readonly #onClose = (): void => this.#settle("gone");

  /** Nothing is pending any more; all that was held for it is let go. */
  #settle(outcome: "decided" | "gone"): void {
    this.#state = "done";
    timerWheel.clear(this);
    this.#parts.socket.off("close", this.#onClose);
    this.#counted?.limits.leave(this.#address);
    this.#counted = undefined;
    setUpgradeOf(this.#parts.request, outcome);
    if (!this.#isClaimed && this.#response !== undefined) discardResponse(this.#response, this.#parts.socket);
  }
}

const TOO_MANY = "There are too many connections; try again later.";

const NOT_IN_TIME = { status: 503, reason: "The upgrade was not decided in time." } as const;

/** Whether a route may be meant by a client that names subprotocols: a dev server's client names its own. */
export function isSpokenBy(route: AnyRoute, offered: readonly string[]): boolean {
  const { subprotocols } = route.settings;
  if (offered.length === 0 || typeof subprotocols === "function") return true;
  return offered.some((each) => subprotocols.includes(each));
}
