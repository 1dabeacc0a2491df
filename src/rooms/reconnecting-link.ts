/** A link to a broker over the network: it connects, for ever anew, and knows what is lost when it is cut. */

import { sleep } from "../base/timers.js";
import { SETTLED, deferred, refusal, type Deferred } from "../connection/promises.js";
import { BrokerError } from "../errors.js";
import type { BrokerLink, BrokerListener } from "./broker.js";
import type { NetworkSettings } from "./network-settings.js";
import { Outage } from "./outage.js";
import { Outbound } from "./outbound.js";
import { Pulse } from "./pulse.js";
import type { Dialler, Wire } from "./wire.js";

/** How long what is in flight may take to arrive when the link is closed, in milliseconds. */
const LANDING = 1_000;

type Phase =
  /** There is no connection: one is being made, or will be after a delay. What is published waits. */
  | { readonly name: "out of reach" }
  /** There is one, and the server is told what is subscribed to. What is published waits. */
  | { readonly name: "subscribing"; readonly wire: Wire }
  | { readonly name: "connected"; readonly wire: Wire }
  | { readonly name: "closed" };

const OUT_OF_REACH: Phase = { name: "out of reach" };

export class ReconnectingLink implements BrokerLink {
  readonly #dialler: Dialler;
  readonly #listener: BrokerListener;
  readonly #settings: NetworkSettings;
  readonly #outage: Outage;
  readonly #outbound: Outbound;
  /** What is subscribed to, or to be. Each settles when the server knows for the first time. */
  readonly #channels = new Map<string, Deferred<void>>();
  /** Those that the server is being told of; a cut settles them as well. */
  readonly #leaving = new Set<Deferred<void>>();
  readonly #end = new AbortController();
  readonly #life: Promise<void>;
  #phase: Phase = OUT_OF_REACH;
  /** Whether a connection was cut since all was well. */
  #isCut = false;

  /** Begins to connect. */
  constructor(dialler: Dialler, listener: BrokerListener, settings: NetworkSettings) {
    this.#dialler = dialler;
    this.#listener = listener;
    this.#settings = settings;
    this.#outage = new Outage(dialler.server, settings.logger);
    this.#outbound = new Outbound(settings);
    this.#life = this.#live();
  }

  publish(channel: string, payload: Uint8Array): Promise<void> {
    return this.#phase.name === "closed" ? refusal(closed()) : this.#outbound.publish(channel, payload);
  }

  /** Waits, while the server cannot be reached, until it can be. */
  subscribe(channel: string): Promise<void> {
    if (this.#phase.name === "closed") return refusal(closed());
    const former = this.#channels.get(channel);
    if (former !== undefined) return former.promise;
    const ready = deferred<void>();
    this.#channels.set(channel, ready);
    if ("wire" in this.#phase) void this.#request(this.#phase.wire, channel, ready);
    return ready.promise;
  }

  unsubscribe(channel: string): Promise<void> {
    this.#channels.get(channel)?.resolve(); // who still waits has taken it back
    if (!this.#channels.delete(channel) || !("wire" in this.#phase)) return SETTLED;
    const left = deferred<void>();
    this.#leaving.add(left);
    void this.#leave(this.#phase.wire, channel, left);
    return left.promise;
  }

  async close(): Promise<void> {
    if (this.#phase.name === "closed") return this.#life;
    this.#phase = { name: "closed" };
    for (const ready of this.#channels.values()) ready.reject(closed());
    this.#channels.clear();
    this.#outbound.abandon(closed());
    const late = new AbortController();
    const deadline = sleep(LANDING, { signal: late.signal }).catch(() => undefined);
    await Promise.race([this.#outbound.landed(), deadline]);
    late.abort();
    this.#end.abort();
    return this.#life;
  }

  /** Connects again and again, until the end. Never rejects. */
  async #live(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        const wire = await this.#dialler.dial((channel, payload) => this.#received(channel, payload), signal);
        const reason = await this.#use(wire);
        await wire.close();
        if (!signal.aborted) this.#outage.began(reason);
      } catch (error) {
        if (!signal.aborted) this.#outage.began(error as Error);
      }
      await sleep(this.#outage.nextDelay(), { signal }).catch(() => undefined);
    }
  }

  /** Uses a connection until it is cut. @returns the reason */
  async #use(wire: Wire): Promise<Error> {
    const pulse = new Pulse(wire, this.#settings.pingInterval);
    const ended = deferred<Error>();
    const end = (): void => ended.resolve(closed());
    if (this.#end.signal.aborted) end();
    this.#end.signal.addEventListener("abort", end);
    const cut = Promise.race([wire.cut, pulse.lost, ended.promise]);
    if (this.#phase.name === "out of reach") {
      this.#phase = { name: "subscribing", wire };
      if (await Promise.race([this.#subscribeAll(wire), cut.then(() => false)])) this.#connected(wire);
    }
    const reason = await cut;
    this.#end.signal.removeEventListener("abort", end);
    pulse.stop();
    this.#cut(reason);
    return reason;
  }

  #cut(reason: Error): void {
    this.#isCut = true;
    if ("wire" in this.#phase) this.#phase = OUT_OF_REACH;
    for (const left of this.#leaving) left.resolve();
    this.#leaving.clear();
    this.#outbound.cut(reason);
  }

  async #subscribeAll(wire: Wire): Promise<true> {
    await Promise.all([...this.#channels].map(([channel, ready]) => this.#request(wire, channel, ready)));
    return true;
  }

  /** From now on nothing is missed. */
  #connected(wire: Wire): void {
    if (this.#phase.name !== "subscribing") return;
    this.#phase = { name: "connected", wire };
    this.#outage.ended();
    this.#outbound.open(wire);
    if (this.#isCut) this.#listener.gap();
    this.#isCut = false;
  }

  /** Asks the server for a channel. If the connection is cut, the next one asks again. Never rejects. */
  async #request(wire: Wire, channel: string, ready: Deferred<void>): Promise<void> {
    try {
      await wire.subscribe(channel);
      ready.resolve();
    } catch (error) {
      if (!(error instanceof BrokerError) || this.#channels.get(channel) !== ready) return;
      this.#channels.delete(channel);
      ready.reject(error);
      this.#outage.warn(`${this.#dialler.server} refuses a subscription: ${error.message}`);
    }
  }

  /** Tells the server that a channel isn't wanted any more. Never rejects: what comes of it nevertheless is dropped. */
  async #leave(wire: Wire, channel: string, left: Deferred<void>): Promise<void> {
    await wire.unsubscribe(channel).catch(() => undefined);
    this.#leaving.delete(left);
    left.resolve();
  }

  #received(channel: string, payload: Uint8Array): void {
    if (this.#channels.has(channel)) this.#listener.received(channel, payload);
  }
}

function closed(): BrokerError {
  return new BrokerError("expected an open link to the broker, but it was closed with its Sockets");
}
