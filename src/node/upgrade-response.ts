/**
 * The responses of one upgrade. What a framework writes is held back, goes out, or goes nowhere, as the arbitration
 * decides; and an answer of ours can take its place.
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { upgradeAnswered } from "../routing/diagnostics.js";
import { discardResponse } from "./discarded-response.js";
import {
  closeResponse,
  detachResponse,
  giveSocket,
  responseTo,
  tellRefusal,
  whenHeadIsWritten,
  writeAnswer,
  type HttpAnswer,
} from "./http-answer.js";
import { answerSeen } from "./seen-dispatch.js";
import { responseOn } from "./server-classes.js";

/** What is told of the responses. */
export interface UpgradeResponseOwner {
  /** The framework has begun to answer, perhaps behind the scenes. */
  answered(response: ServerResponse, status: number): void;
  /** A response has gone out on the connection. */
  finished(status: number): void;
}

/** Where a framework's response goes. */
type ResponseFate = "held" | "sent" | "discarded";

export class UpgradeResponse {
  readonly #owner: UpgradeResponseOwner;
  readonly #request: IncomingMessage;
  readonly #socket: Duplex;
  readonly #server: Server | undefined;
  #current: ServerResponse | undefined;

  constructor(
    owner: UpgradeResponseOwner,
    request: IncomingMessage,
    socket: Duplex,
    server: Server | undefined,
  ) {
    this.#owner = owner;
    this.#request = request;
    this.#socket = socket;
    this.#server = server;
  }

  /** What the framework that has the upgrade writes to, if there is anything yet. */
  get current(): ServerResponse | undefined {
    return this.#current;
  }

  /** The same, made now if need be. */
  make(fate: ResponseFate): ServerResponse {
    if (this.#current !== undefined) return this.#current;
    const response = responseTo(this.#request, this.#server);
    this.#current = response;
    whenHeadIsWritten(response, (status) => {
      if (response === this.#current) this.#owner.answered(response, status);
    });
    if (fate === "sent") this.attach();
    if (fate === "discarded") discardResponse(response, this.#socket);
    return response;
  }

  /** Lets it go out. */
  attach(): void {
    if (this.#current !== undefined) this.#send(this.#current);
  }

  /** Has it go nowhere, instead of failing; the next framework gets another one. */
  discard(): void {
    const response = this.#current;
    this.#current = undefined;
    if (response === undefined) return;
    if (responseOn(this.#socket) === response) detachResponse(response, this.#socket);
    discardResponse(response, this.#socket);
  }

  /** Parts it from a connection that is a WebSocket now. */
  close(): void {
    if (this.#current !== undefined) closeResponse(this.#current, this.#socket);
  }

  /** Sends an answer of ours. */
  answer(answer: HttpAnswer): void {
    const response = responseTo(this.#request, this.#server);
    tellRefusal(this.#request, answer);
    this.#send(response);
    answerSeen(this.#server, this.#request, response, () => writeAnswer(response, answer));
  }

  #send(response: ServerResponse): void {
    if (upgradeAnswered.hasSubscribers) upgradeAnswered.publish(response);
    response.on("finish", () => {
      if (responseOn(this.#socket) === response) this.#owner.finished(response.statusCode);
    });
    giveSocket(response, this.#socket);
  }
}
