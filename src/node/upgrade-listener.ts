/**
 * Listens for the upgrades of one server, for all the `Sockets` that are attached to it, and decides whose each is:
 * what leads to a route of theirs is for nobody else; what doesn't, is left to the server's other listeners; and where
 * only a framework can tell, it is asked, and its answer held back until it is clear that nobody else wants the upgrade.
 * A client that names subprotocols which none of these routes speaks is offered to the others first.
 */

import { ServerResponse, type Server } from "node:http";
import type { Socket } from "node:net";
import { atEndOfTurn } from "../base/timers.js";
import { requestPath } from "../protocol/request-path.js";
import type { OpenSockets } from "../routing/open-sockets.js";
import type { AnyRoute } from "../routing/route.js";
import { Deadline } from "./deadline.js";
import { reserveDescriptors } from "./descriptor-reserve.js";
import { GOING_DOWN, NOT_FOUND, answerUpgrade, type HttpAnswer } from "./http-answer.js";
import { ignoreErrors } from "./ignore-errors.js";
import { judgeUpgrade } from "./judge-upgrade.js";
import { PendingUpgrade, isSpokenBy, type UpgradeParts } from "./pending-upgrade.js";
import { isPlainForAll, servePlain } from "./plain-request.js";
import { dispatchSeen } from "./seen-dispatch.js";
import { untouched } from "./untouched.js";
import { interceptUpgrades, type AnnouncedUpgrade } from "./upgrade-interception.js";
import { failUpgradeOf } from "./upgrade-of.js";
import { withholdRefusals } from "./withheld-refusals.js";

/** What a framework's `Sockets` does with upgrades. */
export interface UpgradeTaker {
  readonly openSockets: OpenSockets;
  readonly routes: Iterable<AnyRoute>;
  /** Which route a path leads to; `"unsure"` if only the framework can tell whether it leads to one. */
  find(path: string): AnyRoute | "unsure" | undefined;
  /** Runs the request through the framework. */
  dispatch(upgrade: PendingUpgrade, server: Server): void;
}

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

/** Whose an upgrade may be. */
interface Candidates {
  readonly takers: readonly UpgradeTaker[];
  /** The route, where the first of them has one for it; otherwise only their frameworks can tell. */
  readonly route?: AnyRoute;
}

class UpgradeListener {
  readonly #server: Server;
  readonly #takers = new Set<UpgradeTaker>();

  constructor(server: Server) {
    this.#server = server;
    reserveDescriptors(server, (message) => this.#warn(message));
    interceptUpgrades(server, (upgrade) => {
      this.#afterEarlierResponses(upgrade.socket, () => this.#onUpgrade(upgrade));
    });
  }

  add(taker: UpgradeTaker): void {
    this.#takers.add(taker);
  }

  /** A client may send its upgrade before it has the responses to earlier requests (RFC 9112 §9.3.2). */
  #afterEarlierResponses(socket: Socket, task: () => void): void {
    const earlier: unknown = Reflect.get(socket, "_httpMessage"); // the response that the socket is assigned to
    if (!(earlier instanceof ServerResponse)) return task();
    socket.on("error", ignoreErrors);
    const deadline = new Deadline(this.#timeout, () => socket.destroy());
    earlier.once("close", () => {
      deadline.clear();
      socket.off("error", ignoreErrors);
      if (!socket.destroyed) this.#afterEarlierResponses(socket, task);
    });
  }

  #onUpgrade(upgrade: AnnouncedUpgrade): void {
    const { request, socket, others } = upgrade;
    if (!socket.writable) return; // somebody who heard of it before us has ended it
    const verdict = judgeUpgrade(request, this.#server);
    if (verdict.kind === "plain") return this.#onPlain(upgrade);
    const path = verdict.kind === "valid" ? verdict.path : requestPath(request.url ?? "")?.path;
    const { takers, route } = this.#candidatesFor(path, others.exist);
    const ready = takers.filter(({ openSockets }) => !openSockets.isDraining);
    if (verdict.kind === "refused" || ready.length === 0) {
      const refusal = verdict.kind === "refused" ? verdict : GOING_DOWN;
      const answer = takers.length === 0 ? NOT_FOUND : refusal;
      return route === undefined ? this.#leave(upgrade, answer) : answerUpgrade(request, socket, answer);
    }
    const ask = (wasOffered: boolean): void => {
      const parts = { request, socket, head: upgrade.head, handshake: verdict, wasOffered };
      this.#ask(ready, upgrade, parts, route !== undefined);
    };
    const mayMean = (taken: AnyRoute): boolean => isSpokenBy(taken, verdict.subprotocols);
    const routes = route === undefined ? ready.flatMap(possibleRoutes) : [route];
    if (others.exist && !routes.some(mayMean)) this.#offer(upgrade, () => ask(true));
    else ask(false);
  }

  /** No upgrade to a WebSocket. What no listener could want is served at once. */
  #onPlain(upgrade: AnnouncedUpgrade): void {
    const { request, socket, head, others } = upgrade;
    const serve = (): void => servePlain(this.#server, request, socket, head);
    if (!others.exist || isPlainForAll(request)) serve();
    else this.#offer(upgrade, serve);
  }

  /** Gives the other listeners the first turn, in which they may take the upgrade, or leave it: then it is ours. */
  #offer({ socket, others }: AnnouncedUpgrade, then: () => void): void {
    const isUntouched = untouched(socket);
    socket.on("error", ignoreErrors); // while nobody has it
    withholdRefusals(socket, () => others.tell());
    atEndOfTurn(() => {
      socket.off("error", ignoreErrors);
      if (isUntouched()) then();
    });
  }

  /** Leaves an upgrade to the other listeners. If none of them takes it in time, the client gets an answer at last. */
  #leave({ request, socket, others }: AnnouncedUpgrade, answer: HttpAnswer): void {
    if (!others.exist) return answerUpgrade(request, socket, answer);
    const isUntouched = untouched(socket);
    const deadline = new Deadline(this.#timeout, () => {
      socket.off("close", clear);
      socket.off("error", ignoreErrors);
      if (isUntouched()) answerUpgrade(request, socket, answer);
    });
    const clear = (): void => deadline.clear();
    socket.on("error", ignoreErrors); // while nobody has it
    socket.once("close", clear);
    others.tell();
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

  /** Runs an upgrade through the framework of the first taker; where that has no route for it, through the next one's. */
  #ask(
    [taker, ...rest]: readonly UpgradeTaker[],
    announced: AnnouncedUpgrade,
    parts: UpgradeParts,
    isSure: boolean,
  ): void {
    if (taker === undefined) return this.#leave(announced, NOT_FOUND);
    const { settings } = taker.openSockets;
    const upgrade = new PendingUpgrade(parts, settings.handshakeTimeout);
    if (isSure || (rest.length === 0 && !announced.others.exist)) {
      const tooMany = upgrade.claim(taker.openSockets);
      if (tooMany !== undefined) return dispatchSeen(this.#server, upgrade, () => upgrade.refuse(tooMany));
    } else {
      onceAnswered(upgrade, (status) => {
        if (!meansNoSocket(status)) {
          this.#offer(announced, () => void upgrade.claim(taker.openSockets));
        } else {
          upgrade.letGo();
          this.#ask(rest, announced, parts, false);
        }
      });
    }
    try {
      dispatchSeen(this.#server, upgrade, () => taker.dispatch(upgrade, this.#server));
    } catch (error) {
      if (failUpgradeOf(parts.request, error, settings.logger)) return;
      settings.logger.error("jackfield: an upgrade failed after it was answered", error);
    }
  }

  #warn(message: string): void {
    const [taker] = this.#takers;
    taker?.openSockets.settings.logger.warn(message);
  }

  get #timeout(): number {
    return Math.max(...[...this.#takers].map(({ openSockets }) => openSockets.settings.handshakeTimeout));
  }
}

/** The routes of which only the framework can tell whether a path leads to them. */
function possibleRoutes({ routes }: UpgradeTaker): AnyRoute[] {
  return [...routes].filter(({ pattern }) => pattern?.isExact !== true);
}

/** Whether a framework's answer to an upgrade says that it has no socket there: nothing, or a page. */
function meansNoSocket(status: number): boolean {
  return status === 404 || (status >= 200 && status < 300);
}

/** Calls back when a framework has begun to answer an upgrade, instead of accepting it; nothing of it is out yet. */
function onceAnswered(upgrade: PendingUpgrade, callback: (status: number) => void): void {
  const { response } = upgrade;
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  const decide = (): void => {
    if (upgrade.isPending) callback(response.statusCode);
  };
  response.writeHead = (...args: unknown[]): ServerResponse => {
    atEndOfTurn(decide);
    return writeHead(...args);
  };
}
