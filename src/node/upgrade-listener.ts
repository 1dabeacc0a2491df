/**
 * Listens for the upgrades of one server, for all the `Sockets` that are attached to it, and decides whose each is:
 * what leads to a route of theirs is for nobody else; what doesn't, is left to the server's other listeners; and where
 * only a framework can tell, it is asked, and its answer held back until it is clear that nobody else wants the upgrade.
 */

import { ServerResponse, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { requestPath } from "../protocol/request-path.js";
import { judgeHandshake, type RefusedHandshake, type ValidHandshake } from "../protocol/server-handshake.js";
import type { OpenSockets } from "../routing/open-sockets.js";
import type { AnyRoute } from "../routing/route.js";
import { Deadline } from "./deadline.js";
import { GOING_DOWN, NOT_FOUND, answerUpgrade } from "./http-answer.js";
import { ignoreErrors } from "./ignore-errors.js";
import { PendingUpgrade, isSpokenBy } from "./pending-upgrade.js";
import { isPlainForAll, servePlain } from "./plain-request.js";
import { untouched } from "./untouched.js";
import { interceptUpgrades, type AnnouncedUpgrade } from "./upgrade-interception.js";
import { failUpgradeOf } from "./upgrade-of.js";

/** What a framework's `Sockets` does with upgrades. */
export interface UpgradeTaker {
  readonly openSockets: OpenSockets;
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

/** Names and values together, where `maxHeadersCount` is not set: not the 2,000 fields that Node's documentation says. */
const NODES_MOST_HEADER_ITEMS = 2_000;

const TOO_MANY_FIELDS: RefusedHandshake = {
  kind: "refused",
  status: 431,
  reason: "Expected fewer header fields; send fewer.",
  headers: [],
};

/** A candidate for an upgrade. */
interface Candidate {
  readonly taker: UpgradeTaker;
  readonly found: AnyRoute | "unsure" | undefined;
}

class UpgradeListener {
  readonly #server: Server;
  readonly #takers = new Set<UpgradeTaker>();

  constructor(server: Server) {
    this.#server = server;
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
    const { method = "", httpVersion, url: target = "", rawHeaders } = request;
    const verdict = this.#mayLackFields(request)
      ? TOO_MANY_FIELDS
      : judgeHandshake({ method, httpVersion, target, rawHeaders });
    if (verdict.kind === "plain") return this.#onPlain(upgrade);
    const path = verdict.kind === "valid" ? verdict.path : requestPath(target)?.path;
    const candidate = this.#candidateFor(path, others.exist);
    if (candidate === undefined) return this.#leave(upgrade, () => answerUpgrade(request, socket, NOT_FOUND));
    const { taker, found } = candidate;
    const isUncertain = others.exist && typeof found !== "object";
    if (verdict.kind === "valid" && !taker.openSockets.isDraining) {
      const dispatch = (): void => this.#dispatch(taker, upgrade, verdict, isUncertain);
      const isTheirs = others.exist && typeof found === "object" && !isSpokenBy(found, verdict.subprotocols);
      return isTheirs ? this.#offer(upgrade, dispatch) : dispatch();
    }
    const refusal = verdict.kind === "valid" ? GOING_DOWN : verdict;
    const refuse = (): void => answerUpgrade(request, socket, refusal);
    if (isUncertain) this.#leave(upgrade, refuse);
    else refuse();
  }

  /** No upgrade to a WebSocket. What no listener could want is served at once. */
  #onPlain(upgrade: AnnouncedUpgrade): void {
    const { request, socket, head, others } = upgrade;
    const serve = (): void => servePlain(this.#server, request, socket, head);
    if (!others.exist || isPlainForAll(request)) serve();
    else this.#offer(upgrade, serve);
  }

  /** Whether there are so many header fields that Node may have dropped some: then no verdict is safe. */
  #mayLackFields({ rawHeaders }: IncomingMessage): boolean {
    const { maxHeadersCount } = this.#server;
    const most = typeof maxHeadersCount === "number" ? 2 * maxHeadersCount : NODES_MOST_HEADER_ITEMS;
    return most > 0 && rawHeaders.length >= most;
  }

  /** Gives the other listeners the first turn. If none of them takes the upgrade in it, it is ours. */
  #offer({ socket, others }: AnnouncedUpgrade, then: () => void): void {
    const isUntouched = untouched(socket);
    socket.on("error", ignoreErrors); // while nobody has it
    others.tell();
    setImmediate(() => {
      socket.off("error", ignoreErrors);
      if (isUntouched()) then();
    });
  }

  /** Leaves an upgrade to the other listeners. If none of them takes it in time, the client gets an answer at last. */
  #leave({ socket, others }: AnnouncedUpgrade, answer: () => void): void {
    const isUntouched = untouched(socket);
    const deadline = new Deadline(this.#timeout, () => {
      socket.off("close", clear);
      socket.off("error", ignoreErrors);
      if (isUntouched()) answer();
    });
    const clear = (): void => deadline.clear();
    socket.on("error", ignoreErrors); // while nobody has it
    socket.once("close", clear);
    others.tell();
  }

  /** Whose upgrade it is, or may be. A malformed one is answered by the first that could have it. */
  #candidateFor(path: string | undefined, isShared: boolean): Candidate | undefined {
    const candidates = [...this.#takers].map((taker) => ({
      taker,
      found: path === undefined ? undefined : taker.find(path),
    }));
    return (
      candidates.find(({ found }) => typeof found === "object") ??
      candidates.find(({ found }) => found === "unsure") ??
      (isShared ? undefined : candidates[0]) // what it doesn't have, its framework answers with 404
    );
  }

  /** @param isUncertain - whether it may turn out to be meant for another listener */
  #dispatch(
    taker: UpgradeTaker,
    announced: AnnouncedUpgrade,
    handshake: ValidHandshake,
    isUncertain: boolean,
  ): void {
    const { request, socket, head } = announced;
    const { settings } = taker.openSockets;
    const upgrade = new PendingUpgrade({ request, socket, head, handshake }, settings.handshakeTimeout);
    if (isUncertain) {
      this.#holdBack(upgrade, taker, announced);
    } else {
      const tooMany = upgrade.claim(taker.openSockets);
      if (tooMany !== undefined) return upgrade.refuse(tooMany);
    }
    try {
      taker.dispatch(upgrade, this.#server);
    } catch (error) {
      if (failUpgradeOf(request, error, settings.logger)) return;
      settings.logger.error("jackfield: an upgrade failed after it was answered", error);
    }
  }

  /** Lets an answer of the framework out only if nobody else takes the socket, and it is none that means "not mine". */
  #holdBack(upgrade: PendingUpgrade, taker: UpgradeTaker, announced: AnnouncedUpgrade): void {
    const { request, socket } = announced;
    const { response } = upgrade;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    const decide = (): void => {
      if (!upgrade.isPending) return;
      if (response.statusCode === 404) {
        upgrade.letGo();
        this.#leave(announced, () => answerUpgrade(request, socket, NOT_FOUND));
      } else {
        this.#offer(announced, () => void upgrade.claim(taker.openSockets));
      }
    };
    response.end = (...args: unknown[]): ServerResponse => {
      setImmediate(decide);
      return end(...args);
    };
  }

  get #timeout(): number {
    return Math.max(...[...this.#takers].map(({ openSockets }) => openSockets.settings.handshakeTimeout));
  }
}
