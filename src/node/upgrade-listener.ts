/**
 * Listens for the upgrades of one server, for all the `Sockets` that are attached to it, and decides whose each is:
 * what leads to a route of theirs is for nobody else; what doesn't, is left to the server's other listeners; and where
 * only a framework can tell, it is asked, and its answer held back until it is clear that nobody else wants the upgrade.
 * A client that names subprotocols which none of these routes speaks is offered to the others first.
 */

import type { Server } from "node:http";
import type { HandshakeVerdict, ValidHandshake } from "../protocol/server-handshake.js";
import type { SafeLogger } from "../connection/safe-logger.js";
import { requestPath } from "../protocol/request-path.js";
import type { AnyRoute } from "../routing/route.js";
import { reserveDescriptors } from "./descriptor-reserve.js";
import { GOING_DOWN, NOT_FOUND } from "./http-answer.js";
import { judgeUpgrade } from "./judge-upgrade.js";
import { PendingUpgrade } from "./pending-upgrade.js";
import { isPlainForAll } from "./plain-request.js";
import { UpgradeInterception, type AnnouncedUpgrade } from "./upgrade-interception.js";
import { isSpokenBy, type UpgradeTaker } from "./upgrade-taker.js";
import type { Turn, UpgradeHost } from "./upgrade-turn.js";

const listeners = new WeakMap<Server, UpgradeListener>();

/** Has `taker` take the upgrades of `server`. Done twice, it holds once. */
export function listenForUpgrades(server: Server, taker: UpgradeTaker): void {
  let listener = listeners.get(server);
  if (listener === undefined) {
    listener = new UpgradeListener(server);
    listeners.set(server, listener);
  }
  listener.add(taker);
}

/** Ends that. With the last taker, all listeners of ours are gone from the server. */
export function stopListeningForUpgrades(server: Server, taker: UpgradeTaker): void {
  const listener = listeners.get(server);
  if (listener?.delete(taker) === 0) listeners.delete(server);
}

/** Whose an upgrade may be. */
interface Candidates {
  readonly takers: readonly UpgradeTaker[];
  /** The route, where the first of them has one for it; otherwise only their frameworks can tell. */
  readonly route?: AnyRoute;
}

class UpgradeListener implements UpgradeHost {
  readonly server: Server;
  readonly #takers = new Set<UpgradeTaker>();
  readonly #interception: UpgradeInterception;
  readonly #stopReserving: () => void;
  /** Also for upgrades that are still under way when the last taker has gone. */
  #logger: SafeLogger | undefined;
  #timeout = 0;
  #asksEarlier = false;
  #hasWarned = false;

  constructor(server: Server) {
    this.server = server;
    this.#stopReserving = reserveDescriptors(server, (message) => this.#warn(message));
    this.#interception = new UpgradeInterception(server, (upgrade) =>
      new PendingUpgrade(upgrade, this).begin(),
    );
  }

  add(taker: UpgradeTaker): void {
    const { logger, handshakeTimeout, askEarlierListeners } = taker.openSockets.settings;
    this.#takers.add(taker);
    this.#logger ??= logger;
    this.#timeout = Math.max(this.#timeout, handshakeTimeout);
    this.#asksEarlier ||= askEarlierListeners === true;
  }

  /** @returns how many takers are left */
  delete(taker: UpgradeTaker): number {
    this.#takers.delete(taker);
    if (this.#takers.size === 0) {
      this.#interception.stop();
      this.#stopReserving();
    }
    return this.#takers.size;
  }

  get timeout(): number {
    return this.#timeout;
  }

  /** Whether listeners that were there before ours have each upgrade first. */
  get asksEarlier(): boolean {
    return this.#asksEarlier;
  }

  judge(upgrade: AnnouncedUpgrade): Turn {
    const verdict = judgeUpgrade(upgrade.request, this.server);
    return verdict.kind === "plain" ? plainTurn(upgrade) : this.#turnFor(upgrade, verdict);
  }

  #turnFor(
    { request, others }: AnnouncedUpgrade,
    verdict: Exclude<HandshakeVerdict, { readonly kind: "plain" }>,
  ): Turn {
    const path = verdict.kind === "valid" ? verdict.path : requestPath(request.url ?? "")?.path;
    const { takers, route } = this.#candidatesFor(path, others.exist);
    const ready = takers.filter(({ openSockets }) => !openSockets.isDraining);
    if (verdict.kind === "refused" || ready.length === 0) {
      const refusal = verdict.kind === "refused" ? verdict : GOING_DOWN;
      const isAnyones = takers.length > 0 || this.#takers.size === 0;
      const answer = isAnyones ? refusal : NOT_FOUND;
      return { event: route === undefined && others.exist ? "leave" : "refuse", answer };
    }
    if (route !== undefined) this.#warnOfEarlier();
    const isSure = route !== undefined || (ready.length === 1 && !others.exist);
    const turn: Turn = { event: isSure ? "claim" : "ask", handshake: verdict, takers: ready };
    const routes = route === undefined ? ready.flatMap(possibleRoutes) : [route];
    const isOffered = others.exist && !areMeant(routes, verdict);
    return isOffered ? { event: "offer", next: turn } : turn;
  }

  /** Whose upgrade it may be. */
  #candidatesFor(path: string | undefined, isShared: boolean): Candidates {
    const all = [...this.#takers];
    const unsure: UpgradeTaker[] = [];
    for (const taker of path === undefined ? [] : all) {
      const found = taker.find(path ?? "");
      if (found === "unsure") unsure.push(taker);
      else if (found !== undefined) return { takers: [taker], route: found };
    }
    // What none of them has, the first one's framework answers with 404.
    return { takers: unsure.length > 0 || isShared ? unsure : all.slice(0, 1) };
  }

  failed(error: unknown): void {
    this.#logger?.error("jackfield: an upgrade failed after it was answered", error);
  }

  /** A listener that was there before ours may be a guard, which our routes are reached past. */
  #warnOfEarlier(): void {
    const { earlierCount } = this.#interception;
    if (this.#hasWarned || earlierCount === 0) return;
    this.#hasWarned = true;
    const isSettled = [...this.#takers].some(
      ({ openSockets }) => openSockets.settings.askEarlierListeners !== undefined,
    );
    if (isSettled) return;
    this.#warn(
      `jackfield: the server had ${earlierCount === 1 ? "a listener" : `${earlierCount} listeners`} for "upgrade" before the ` +
        "sockets were attached, which WebSocket routes don't pass through. Move checks of such a listener to middleware or to " +
        "the option before, or set the option askEarlierListeners to true; false silences this warning",
    );
  }

  #warn(message: string): void {
    const [taker] = this.#takers;
    (taker?.openSockets.settings.logger ?? this.#logger)?.warn(message);
  }
}

/** No upgrade to a WebSocket. What no listener could want is served at once. */
function plainTurn({ request, others }: AnnouncedUpgrade): Turn {
  const turn: Turn = { event: "serve" };
  return !others.exist || isPlainForAll(request) ? turn : { event: "offer", next: turn };
}

/** Whether one of these routes may be meant by the client. */
function areMeant(routes: readonly AnyRoute[], { subprotocols }: ValidHandshake): boolean {
  return routes.some((route) => isSpokenBy(route, subprotocols));
}

/** The routes of which only the framework can tell whether a path leads to them. */
function possibleRoutes({ routes }: UpgradeTaker): AnyRoute[] {
  return [...routes].filter(({ pattern }) => pattern?.isExact !== true);
}
