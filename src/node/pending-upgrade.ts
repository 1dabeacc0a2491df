/**
 * An upgrade on its way: the request runs through the framework as any GET does, with a real response, and either reaches
 * a socket route, which accepts it, or is answered over HTTP. What becomes of it is decided by `upgrade/arbitration.ts`;
 * here, what happens becomes events, and actions are carried out.
 */

import { AsyncResource } from "node:async_hooks";
import type { IncomingMessage, ServerResponse } from "node:http";
import { atEndOfTurn, now } from "../base/timers.js";
import { timerWheel, UNSET, type Timed } from "../connection/timer-wheel.js";
import { UpgradeError } from "../errors.js";
import type { ValidHandshake } from "../protocol/server-handshake.js";
import { ConnectionPlace } from "../routing/connection-limits.js";
import {
  arbitrate,
  isOurs,
  isOutcome,
  type UpgradeAction,
  type UpgradeEvent,
  type UpgradeState,
} from "../upgrade/arbitration.js";
import { admitUpgrade, type AdmittedUpgrade } from "./admitted-upgrade.js";
import {
  NOT_FOUND,
  asWebResponse,
  endAfterAnswer,
  tellRefusal,
  tooManyConnections,
  writeAnswer,
  type HttpAnswer,
} from "./http-answer.js";
import { afterEarlierResponses } from "./earlier-responses.js";
import { guardErrors } from "./ignore-errors.js";
import { servePlain } from "./plain-request.js";
import { dispatchSeen } from "./seen-dispatch.js";
import { becomeSwitch, endSwitch, rawSwitch } from "./switching-protocols.js";
import { untouched } from "./untouched.js";
import type { AnnouncedUpgrade } from "./upgrade-interception.js";
import {
  failUpgradeOf,
  setUpgradeOf,
  settleUpgradeOf,
  tooLate,
  type Acceptance,
  type Verdict,
} from "./upgrade-of.js";
import { UpgradeResponse, type UpgradeResponseOwner } from "./upgrade-response.js";
import { isSpokenBy, meansNoSocket, type DispatchedUpgrade, type UpgradeTaker } from "./upgrade-taker.js";
import type { Turn, UpgradeHost } from "./upgrade-turn.js";
import { withholdRefusals } from "./withheld-refusals.js";

const SWITCHING_PROTOCOLS = 101;

const NOT_IN_TIME = { status: 503, reason: "The upgrade was not decided in time." } as const;

export class PendingUpgrade implements Timed, DispatchedUpgrade, UpgradeResponseOwner {
  timerTurn: number = UNSET;
  timerNext: Timed | undefined;
  timerPrevious: Timed | undefined;

  readonly #announced: AnnouncedUpgrade;
  readonly #host: UpgradeHost;
  readonly #response: UpgradeResponse;
  /** The request's target, which frameworks change on its way. */
  readonly #target: string;
  readonly #began = now();
  readonly #place = new ConnectionPlace();
  #state: UpgradeState = "queued";
  #handshake: ValidHandshake | undefined;
  /** Those whose frameworks are still to be asked; the first is being asked. */
  #takers: readonly UpgradeTaker[] = [];
  /** Whose turn it is after the other listeners'. */
  #next: Turn | undefined;
  /** What the client gets if the decision is ours, or if there is none in time. */
  #answer: HttpAnswer = NOT_IN_TIME;
  #open: AdmittedUpgrade["open"] | undefined;
  /** In which the route accepted, where the socket is opened later. Not by `AsyncResource.bind`, which is slow on Node 20. */
  #context: AsyncResource | undefined;
  #isUntouched: () => boolean = alwaysTrue;

  constructor(announced: AnnouncedUpgrade, host: UpgradeHost) {
    const { request, socket } = announced;
    this.#announced = announced;
    this.#host = host;
    this.#response = new UpgradeResponse(this, request, socket, host.server);
    this.#target = request.url ?? "/";
  }

  get request(): IncomingMessage {
    return this.#announced.request;
  }

  get path(): string {
    return this.#handshake?.path ?? "";
  }

  /** Begins, as soon as the responses to earlier requests are out. */
  begin(): void {
    const { socket } = this.#announced;
    guardErrors(socket);
    socket.on("close", this.#onClose);
    afterEarlierResponses(
      socket,
      () => this.#state === "queued",
      () => this.#beginTurn(),
    );
  }

  #beginTurn(): void {
    const { socket, others } = this.#announced;
    if (!socket.writable) return this.#on("taken"); // a tool that heard of it before us has ended it
    // The client has gone while it waited: whoever took the connection now would not hear of that any more.
    if (socket.readableEnded) return void socket.destroy();
    if (this.#host.asksEarlier) {
      this.#isUntouched = untouched(socket);
      others.tellEarlier();
      if (!this.#isUntouched()) return this.#on("taken");
    }
    return this.#take(this.#host.judge(this.#announced));
  }

  #take(turn: Turn): void {
    if (turn.event === "refuse" || turn.event === "leave") this.#answer = turn.answer;
    if (turn.event === "offer") this.#next = turn.next;
    if (turn.event === "ask" || turn.event === "claim") {
      this.#handshake = turn.handshake;
      this.#takers = turn.takers;
    }
    const status = turn.event === "claim" ? this.#enter(turn.takers[0]) : undefined;
    if (status === undefined) return this.#on(turn.event);
    return this.#take({ event: "refuse", answer: tooManyConnections(status) });
  }

  #on(event: UpgradeEvent): void {
    const step = arbitrate(this.#state, event);
    if (step === undefined) return;
    this.#state = step.state;
    for (const action of step.actions) this.#do(action);
    if (isOutcome(this.#state)) this.#letGo();
  }

  #do(action: UpgradeAction): void {
    const { socket, others } = this.#announced;
    switch (action) {
      case "arm":
        this.#isUntouched = untouched(socket);
        return timerWheel.set(this, this.#host.timeout);
      case "disarm":
        return timerWheel.clear(this);
      case "uncount":
        return this.#place.leave();
      case "serve":
        return this.#serve();
      case "offer":
        return this.#offer();
      case "tell":
        return others.tell();
      case "ask":
        return this.#ask();
      case "attach":
        return this.#response.attach();
      case "discard":
        return this.#discard();
      case "answer":
        return this.#response.answer(this.#answer);
      case "open":
        return this.#openSocket();
      case "end":
        return endAfterAnswer(socket);
      case "destroy":
        socket.destroy();
    }
  }

  // The server and its other listeners

  #serve(): void {
    const { request, socket, head } = this.#announced;
    const { server } = this.#host;
    if (server !== undefined) servePlain(server, request, socket, head);
  }

  #offer(): void {
    const { socket, others } = this.#announced;
    this.#isUntouched = untouched(socket);
    withholdRefusals(socket, () => others.tell());
    atEndOfTurn(() => this.#offered());
  }

  /** Their turn is over. */
  #offered(): void {
    if (this.#state !== "offered" && this.#state !== "withheld") return;
    if (!this.#isUntouched()) return this.#on("taken");
    if (this.#next !== undefined && this.#state === "offered") return this.#take(this.#next);
    this.#enter(this.#takers[0]); // where there is no room, the answer goes out all the same
    return this.#on("send");
  }

  /** Whether no other listener has begun to use the connection. */
  get #isFree(): boolean {
    return isOurs(this.#state) || this.#isUntouched();
  }

  // The framework

  #ask(): void {
    setUpgradeOf(this.request, this);
    const [taker] = this.#takers;
    const { server } = this.#host;
    if (taker === undefined || server === undefined) return;
    try {
      dispatchSeen(server, this, () => taker.dispatch(this, server));
    } catch (error) {
      if (!failUpgradeOf(this.request, error, taker.openSockets.settings.logger)) this.#host.failed(error);
    }
  }

  get response(): ServerResponse {
    if (this.#state === "asked") return this.#response.make("held");
    const isAwaited = this.#state === "claimed" || this.#state === "accepted";
    return this.#response.make(isAwaited ? "sent" : "discarded");
  }

  answered(response: ServerResponse, status: number): void {
    // Only at the end of the turn, when the status is certain.
    if (this.#state === "asked") atEndOfTurn(() => this.#judgeAnswer(response));
    else if (status !== SWITCHING_PROTOCOLS) this.#on("answer");
  }

  /** The framework has answered before it was clear whose the upgrade is. */
  #judgeAnswer(response: ServerResponse): void {
    const handshake = this.#handshake;
    const isAwaited = this.#state === "asked" && response === this.#response.current;
    if (!isAwaited || handshake === undefined) return;
    if (!this.#isFree) return this.#on("taken");
    if (!meansNoSocket(response.statusCode)) return this.#on("hold");
    const takers = this.#takers.slice(1);
    if (takers.length === 0) return this.#take({ event: "leave", answer: NOT_FOUND });
    const isLast = takers.length === 1 && !this.#announced.others.exist;
    return this.#take({ event: isLast ? "claim" : "ask", handshake, takers });
  }

  /** Whether no route has accepted, and nothing was answered, not even in part. */
  get isUndecided(): boolean {
    const isOpen = this.#state === "asked" || this.#state === "claimed";
    return isOpen && this.#response.current?.headersSent !== true;
  }

  refuse(answer: HttpAnswer): void {
    tellRefusal(this.request, answer);
    writeAnswer(this.response, answer);
  }

  accept<Params, Request>(acceptance: Acceptance<Params, Request>): Verdict {
    const handshake = this.#handshake;
    if (!this.isUndecided || handshake === undefined) throw new UpgradeError(tooLate(acceptance.route.name));
    if (!this.#isFree) {
      this.#on("taken"); // another listener was faster
      return "accepted";
    }
    const wasOffered = this.#next !== undefined;
    const isMeant = isOurs(this.#state) || wasOffered || isSpokenBy(acceptance.route, handshake.subprotocols);
    if (!isMeant) return "passed";
    this.#on("own");
    const { socket } = this.#announced;
    const admitted = admitUpgrade(acceptance, handshake, {
      place: this.#place,
      isSecure: "encrypted" in socket,
    });
    if (admitted.kind === "answered") return admitted.answer;
    if (admitted.kind === "refused") {
      tellRefusal(this.request, admitted);
      return asWebResponse(admitted);
    }
    this.#on("accept");
    const { current } = this.#response;
    this.#open = admitted.open;
    if (current === undefined) {
      socket.write(rawSwitch(admitted.fields), "latin1");
      this.#on("finish");
    } else {
      this.#context = new AsyncResource("JackfieldUpgrade"); // the response may be ended in another context
      becomeSwitch(current, admitted.fields);
    }
    return "accepted";
  }

  complete(): void {
    if (this.#state === "accepted") endSwitch(this.response);
  }

  finished(status: number): void {
    if (status !== SWITCHING_PROTOCOLS) this.#on("answer");
    this.#on("finish");
  }

  #openSocket(): void {
    const { request, socket, head } = this.#announced;
    this.#response.close();
    // Without the 101, the close that follows says all that matters.
    if (socket.errored !== null || this.#open === undefined) return this.#on("fail");
    try {
      const parts = { request, socket, head, target: this.#target, began: this.#began };
      if (this.#context === undefined) this.#open(parts);
      else this.#context.runInAsyncScope(this.#open, undefined, parts);
      this.#place.handOver();
    } catch (error) {
      this.#host.failed(error);
      this.#on("fail");
    }
  }

  // The end

  #discard(): void {
    this.#response.discard();
    setUpgradeOf(this.request, "gone"); // a route that accepts too late makes no difference
  }

  #enter(taker: UpgradeTaker | undefined): 503 | undefined {
    return taker === undefined ? undefined : this.#place.enter(taker.openSockets.limits);
  }

  /** The time for a decision is over. */
  expire(): void {
    this.#on(this.#isFree ? "deadline" : "taken");
  }

  readonly #onClose = (): void => this.#on("close");

  #letGo(): void {
    timerWheel.clear(this);
    this.#announced.socket.off("close", this.#onClose);
    settleUpgradeOf(this.request, this, this.#state === "gone" ? "gone" : "decided");
  }
}

function alwaysTrue(): boolean {
  return true;
}
