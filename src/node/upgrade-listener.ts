/**
 * Listens for the upgrades of one server, for all the `Sockets` that are attached to it, and leaves in peace what is
 * meant for other listeners of the same server.
 */

import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { timerWheel, UNSET, type Timed } from "../connection/timer-wheel.js";
import { requestPath } from "../protocol/request-path.js";
import { judgeHandshake } from "../protocol/server-handshake.js";
import type { SocketsCore } from "../routing/sockets.js";
import { answerUpgrade } from "./http-answer.js";
import { PendingUpgrade, type UpgradeParts } from "./pending-upgrade.js";
import { servePlain } from "./plain-request.js";

/** What a framework's `Sockets` does with upgrades. */
export interface UpgradeTaker extends SocketsCore<never> {
  /**
   * Whether a path is one of its own: `undefined` if only the framework can tell, because it matches routes that were
   * registered with its own router.
   */
  claims(path: string): boolean | undefined;
  /** Runs the request through the framework. */
  dispatch(request: IncomingMessage, response: PendingUpgrade["response"], server: Server): void;
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

const NOT_FOUND = { status: 404, reason: "There is no WebSocket here." } as const;
const GOING_DOWN = { status: 503, reason: "The server goes down; try again later." } as const;

class UpgradeListener {
  readonly #server: Server;
  readonly #takers = new Set<UpgradeTaker>();

  constructor(server: Server) {
    this.#server = server;
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#onUpgrade(request, socket, head);
    });
  }

  add(taker: UpgradeTaker): void {
    this.#takers.add(taker);
  }

  #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { method = "", httpVersion, url: target = "", rawHeaders } = request;
    const isShared = this.#server.listenerCount("upgrade") > 1;
    const verdict = judgeHandshake({ method, httpVersion, target, rawHeaders });
    if (verdict.kind === "plain") {
      if (!isShared) servePlain(this.#server, request, socket, head);
      return;
    }
    const path = requestPath(target)?.path;
    const taker = this.#takerOf(path, isShared);
    if (taker === undefined) {
      timerWheel.set(new Unclaimed(request, socket), this.#timeout);
      return;
    }
    if (taker.isDraining) answerUpgrade(request, socket, GOING_DOWN);
    else if (verdict.kind === "refused") answerUpgrade(request, socket, verdict);
    else
      this.#dispatch(
        taker,
        { request, socket, head, handshake: verdict },
        isShared && taker.claims(path ?? "") !== true,
      );
  }

  /** Whose upgrade it is, or may be. A malformed one is answered by the first that could have it. */
  #takerOf(path: string | undefined, isShared: boolean): UpgradeTaker | undefined {
    const takers = [...this.#takers];
    const [first] = takers;
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
    taker.dispatch(parts.request, upgrade.response, this.#server);
  }

  /** Lets an answer of the framework out only if it is none that means "not mine", and nobody else took the socket. */
  #holdBack(upgrade: PendingUpgrade, taker: UpgradeTaker, { request, socket }: UpgradeParts): void {
    const { response } = upgrade;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponseEnd;
    const decide = (): void => {
      if (!upgrade.isPending) return;
      if (response.statusCode !== 404 && isUntouched(socket)) {
        upgrade.claim(taker);
      } else {
        upgrade.letGo();
        timerWheel.set(new Unclaimed(request, socket), this.#timeout);
      }
    };
    response.end = (...args: unknown[]): ServerResponseEnd => {
      // Not before the listeners that come after this one have had their turn.
      setImmediate(decide);
      return end(...args);
    };
  }

  get #timeout(): number {
    return Math.max(...[...this.#takers].map((taker) => taker.settings.handshakeTimeout));
  }
}

type ServerResponseEnd = PendingUpgrade["response"];

/** An upgrade left to the other listeners: if none of them takes it in time, the client gets an answer at last. */
class Unclaimed implements Timed {
  timerTurn: number = UNSET;
  timerNext: Timed | undefined;
  timerPrevious: Timed | undefined;
  readonly #request: IncomingMessage;
  readonly #socket: Socket;

  constructor(request: IncomingMessage, socket: Socket) {
    this.#request = request;
    this.#socket = socket;
  }

  expire(): void {
    if (!isUntouched(this.#socket)) return;
    answerUpgrade(this.#request, this.#socket, NOT_FOUND);
  }
}

/** Whether nobody has begun to use a socket. */
function isUntouched(socket: Socket): boolean {
  return (
    !socket.destroyed && socket.writable && socket.bytesWritten === 0 && socket.listenerCount("data") === 0
  );
}
