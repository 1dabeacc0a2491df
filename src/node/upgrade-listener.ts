/**
 * Listens for the upgrades of one server, for all the `Sockets` that are attached to it, and leaves in peace what is
 * meant for other listeners of the same server.
 */

import { ServerResponse, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { requestPath } from "../protocol/request-path.js";
import { judgeHandshake, type RefusedHandshake } from "../protocol/server-handshake.js";
import type { SocketsCore } from "../routing/sockets.js";
import { Deadline } from "./deadline.js";
import { GOING_DOWN, answerUpgrade } from "./http-answer.js";
import { ignoreErrors } from "./ignore-errors.js";
import { PendingUpgrade, failUpgradeOf, type UpgradeParts } from "./pending-upgrade.js";
import { servePlain } from "./plain-request.js";
import { untouched } from "./untouched.js";

/** What a framework's `Sockets` does with upgrades. */
export interface UpgradeTaker extends SocketsCore<never> {
  /**
   * Whether a path is one of its own: `undefined` if only the framework can tell, because it matches routes that were
   * registered with its own router.
   */
  claims(path: string): boolean | undefined;
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
const NOT_FOUND = { status: 404, reason: "There is no WebSocket here." } as const;

class UpgradeListener {
  readonly #server: Server;
  readonly #takers = new Set<UpgradeTaker>();

  constructor(server: Server) {
    this.#server = server;
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#afterEarlierResponses(socket, () => this.#onUpgrade(request, socket, head));
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

  #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { method = "", httpVersion, url: target = "", rawHeaders } = request;
    const isShared = this.#server.listenerCount("upgrade") > 1;
    const verdict = this.#mayLackFields(request)
      ? TOO_MANY_FIELDS
      : judgeHandshake({ method, httpVersion, target, rawHeaders });
    if (verdict.kind === "plain") {
      const serve = (): void => servePlain(this.#server, request, socket, head);
      return isShared ? this.#leave(socket, serve) : serve();
    }
    const path = verdict.kind === "valid" ? verdict.path : requestPath(target)?.path;
    const taker = this.#takerOf(path, isShared);
    if (taker === undefined) return this.#leave(socket, () => answerUpgrade(request, socket, NOT_FOUND));
    const isUncertain = isShared && taker.claims(path ?? "") !== true;
    if (verdict.kind === "valid" && !taker.isDraining) {
      this.#dispatch(taker, { request, socket, head, handshake: verdict }, isUncertain);
    } else {
      const refusal = verdict.kind === "valid" ? GOING_DOWN : verdict;
      const refuse = (): void => answerUpgrade(request, socket, refusal);
      if (isUncertain) this.#leave(socket, refuse);
      else refuse();
    }
  }

  /** Whether there are so many header fields that Node may have dropped some: then no verdict is safe. */
  #mayLackFields({ rawHeaders }: IncomingMessage): boolean {
    const { maxHeadersCount } = this.#server;
    const most = typeof maxHeadersCount === "number" ? 2 * maxHeadersCount : NODES_MOST_HEADER_ITEMS;
    return most > 0 && rawHeaders.length >= most;
  }

  /** Leaves an upgrade to the other listeners. If none of them takes it in time, the client gets an answer at last. */
  #leave(socket: Socket, answer: () => void): void {
    const isUntouched = untouched(socket);
    const deadline = new Deadline(this.#timeout, () => {
      socket.off("close", clear);
      socket.off("error", ignoreErrors);
      if (isUntouched()) answer();
    });
    const clear = (): void => deadline.clear();
    socket.on("error", ignoreErrors); // while nobody has it
    socket.once("close", clear);
  }

  /** Whose upgrade it is, or may be. A malformed one is answered by the first that could have it. */
  #takerOf(path: string | undefined, isShared: boolean): UpgradeTaker | undefined {
    const takers = [...this.#takers];
    const [first] = takers;
    if (!isShared && takers.length === 1) return first; // what it doesn't have, its framework answers with 404
    if (path === undefined) return isShared ? undefined : first;
    const owner =
      takers.find((taker) => taker.claims(path) === true) ??
      takers.find((taker) => taker.claims(path) !== false);
    return isShared ? owner : (owner ?? first);
  }

  /** @param isUncertain - whether it may turn out to be meant for another listener */
  #dispatch(taker: UpgradeTaker, parts: UpgradeParts, isUncertain: boolean): void {
    const upgrade = new PendingUpgrade(parts, taker.settings.handshakeTimeout);
    if (isUncertain) this.#holdBack(upgrade, taker, parts);
    else if (!upgrade.claim(taker)) return;
    try {
      taker.dispatch(upgrade, this.#server);
    } catch (error) {
      const { logger } = taker.settings;
      if (failUpgradeOf(parts.request, error, logger)) return;
      logger.error("jackfield: an upgrade failed after it was answered", error);
    }
  }

  /** Lets an answer of the framework out only if it is none that means "not mine", and nobody else took the socket. */
  #holdBack(upgrade: PendingUpgrade, taker: UpgradeTaker, { request, socket }: UpgradeParts): void {
    const { response } = upgrade;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    const decide = (): void => {
      if (!upgrade.isPending) return;
      if (response.statusCode !== 404 && upgrade.isFree) {
        upgrade.claim(taker);
      } else {
        upgrade.letGo();
        this.#leave(socket, () => answerUpgrade(request, socket, NOT_FOUND));
      }
    };
    response.end = (...args: unknown[]): ServerResponse => {
      // Not before the listeners that come after this one have had their turn.
      setImmediate(decide);
      return end(...args);
    };
  }

  get #timeout(): number {
    return Math.max(...[...this.#takers].map((taker) => taker.settings.handshakeTimeout));
  }
}
