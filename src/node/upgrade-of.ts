/** The upgrade that a request asks for: how adapters, which have the request only, come to it. */

import type { IncomingMessage } from "node:http";
import { UpgradeError } from "../errors.js";
import type { ConnectionLimits } from "../routing/connection-limits.js";
import type { AcceptedUpgrade } from "../routing/open-sockets.js";
import type { Logger, RouteSettings } from "../routing/options.js";
import { FAILED, type HttpAnswer } from "./http-answer.js";

/** As much of a route as an upgrade needs. */
export interface UpgradeRoute {
  /** For errors. */
  readonly name: string;
  readonly settings: RouteSettings;
}

/** What an accepted upgrade becomes a socket of: the open sockets of an app, as a rule. */
export interface UpgradeSockets<Params, Request, TheRoute extends UpgradeRoute> {
  readonly limits: ConnectionLimits;
  /** Whether no new ones are accepted. */
  readonly isDraining: boolean;
  /** Whose socket it will be, if the app says so. */
  identify(request: unknown): string | undefined;
  open(accepted: AcceptedUpgrade<Params, Request, TheRoute>): void;
}

/** What a route gives for its socket. */
export interface Acceptance<Params, Request, TheRoute extends UpgradeRoute = UpgradeRoute> {
  readonly sockets: UpgradeSockets<Params, Request, TheRoute>;
  readonly route: TheRoute;
  readonly params: Params;
  /** The framework's own request. */
  readonly request: Request;
  /** The client's address, as far as the proxies in between are trusted. */
  readonly remoteAddress: string | undefined;
  /** Whether nobody but Jackfield has seen the request, so that an equal one will do. @default false */
  readonly isUnseen?: boolean;
}

/**
 * What a route says of a request: `"accepted"`, so that the response becomes the 101 when the framework ends it;
 * `"passed"`, if it is no upgrade, or one that may be meant for somebody else; or the answer for the framework to send.
 */
export type Verdict = "accepted" | "passed" | Response;

/** An upgrade of which a route or a framework is to decide. */
export interface UndecidedUpgrade {
  readonly isUndecided: boolean;
  /** Makes the connection a socket of a route, or tells what to answer instead. */
  accept<Params, Request>(acceptance: Acceptance<Params, Request>): Verdict;
  /** Answers over HTTP. */
  refuse(answer: HttpAnswer): void;
}

const upgradeOf = Symbol("jackfield upgrade");

/** What became of an upgrade when it is pending no more: the client may have gone before a decision. */
type Outcome = "decided" | "gone";

interface UpgradeRequest extends IncomingMessage {
  [upgradeOf]?: UndecidedUpgrade | Outcome;
}

/** Keeps with a request how it stands with its upgrade. */
export function setUpgradeOf(request: IncomingMessage, upgrade: UndecidedUpgrade | Outcome): void {
  (request as UpgradeRequest)[upgradeOf] = upgrade;
}

/** Keeps only the outcome of an upgrade, if it is not known yet. */
export function settleUpgradeOf(request: IncomingMessage, upgrade: UndecidedUpgrade, outcome: Outcome): void {
  if ((request as UpgradeRequest)[upgradeOf] === upgrade) setUpgradeOf(request, outcome);
}

/** Whether a request asks for an upgrade that may become a socket. */
export function isUpgrade(request: IncomingMessage): boolean {
  return (request as UpgradeRequest)[upgradeOf] !== undefined;
}

/**
 * Makes the connection of a request a socket of a route, or tells what to answer instead.
 *
 * @throws {UpgradeError} if an answer was given already
 * @throws {SubprotocolError} if the route chooses a subprotocol that was not offered
 */
export function acceptUpgradeOf<Params, Request>(
  request: IncomingMessage,
  acceptance: Acceptance<Params, Request>,
): Verdict {
  const upgrade = (request as UpgradeRequest)[upgradeOf];
  if (upgrade === undefined) return "passed";
  if (upgrade === "decided") throw new UpgradeError(tooLate(acceptance.route.name));
  return upgrade === "gone" ? "accepted" : upgrade.accept(acceptance); // nobody is there to see the difference
}

/**
 * Tells of a fault on the way of an upgrade that no framework is there to answer for, and answers 500.
 *
 * @returns false if an answer was given already
 */
export function failUpgradeOf(request: IncomingMessage, error: unknown, logger: Logger): boolean {
  const upgrade = (request as UpgradeRequest)[upgradeOf];
  if (typeof upgrade !== "object" || !upgrade.isUndecided) return false;
  logger.error("jackfield: an upgrade failed before it was accepted", error);
  upgrade.refuse(FAILED);
  return true;
}

export function tooLate(route: string): string {
  return `expected an upgrade without an answer, but the route ${route} came after one was given`;
}
