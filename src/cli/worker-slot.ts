/** Keeps one worker alive: who dies is replaced, and who is to be renewed is ended when the new one listens. */

import { setTimeout as sleep } from "node:timers/promises";
import { RunError } from "../errors.js";
import type { ClusterHub } from "../rooms/cluster-hub.js";
import { failureText, sentenceOf } from "./failure.js";
import { RestartPolicy } from "./restart-policy.js";
import type { ServingFacts } from "./serving.js";
import type { WorkerOrder } from "./worker-messages.js";
import { WorkerProcess } from "./worker-process.js";

/** Whose workers they are. */
export interface SlotOwner {
  /** What carries messages from one to the others. */
  readonly hub: ClusterHub;
  /** What a worker that begins now is to serve. */
  readonly order: Omit<WorkerOrder, "worker">;
  /**
   * Whether workers that die again and again soon after their start are given up: until any of them has served; where the
   * app is reloaded, always, as they are started again after the next change.
   */
  readonly mayGiveUp: boolean;
  /** Something happened that people may want to know. */
  log(sentence: string): void;
  /** Something happened that should not. */
  warn(sentence: string): void;
  /** A worker should be renewed, as soon as no other one is. */
  renew(slot: WorkerSlot): void;
  /** A worker can't be kept alive. */
  failed(error: RunError): void;
}

export class WorkerSlot {
  /** For people, from 1. */
  readonly number: number;
  readonly #owner: SlotOwner;
  #policy = new RestartPolicy();
  /** All that live: the one that serves, one that is to follow it, those that are ending. */
  readonly #processes = new Set<WorkerProcess>();
  readonly #stopped = new AbortController();
  #current: WorkerProcess;
  #next: WorkerProcess | undefined;

  constructor(number: number, owner: SlotOwner) {
    this.number = number;
    this.#owner = owner;
    this.#current = this.#launch();
  }

  /** Settles when its first worker listens. @throws {RunError} by rejecting, if that fails */
  get ready(): Promise<ServingFacts> {
    return this.#current.ready;
  }

  /** Whether its worker, dead or alive, has served: it was given connections, or has listened for a while. */
  get hasServed(): boolean {
    return this.#current.hasServed;
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  #launch(): WorkerProcess {
    const worker = new WorkerProcess({ ...this.#owner.order, worker: this.number }, this.#owner.hub);
    this.#processes.add(worker);
    void worker.exited.then((how) => this.#onExit(worker, how));
    void worker.cutOff.then(() => this.#onCutOff(worker));
    return worker;
  }

  #onCutOff(worker: WorkerProcess): void {
    if (worker !== this.#current || this.#isStopped) return;
    const reason = "had no file descriptor left for a connection, and gets none any more";
    this.#owner.warn(`worker ${this.number} (process ${worker.pid}) ${reason}: it is renewed`);
    this.#owner.renew(this);
  }

  #onExit(worker: WorkerProcess, how: string): void {
    this.#processes.delete(worker);
    if (worker === this.#next) this.#next = undefined;
    if (worker !== this.#current || this.#isStopped) return;
    // What doesn't start as it is, starts after a change.
    if (this.#owner.order.settings.reload && !worker.hasListened) return;
    const lifetime = performance.now() - worker.began;
    void this.#afterDeath(`worker ${this.number} (process ${worker.pid}) ended with ${how}`, lifetime);
  }

  /** Never rejects. */
  async #afterDeath(death: string, lifetime: number): Promise<void> {
    const delay = this.#policy.afterDeath(lifetime, this.#owner.mayGiveUp);
    if (delay === "crash loop") {
      const sentence = `expected workers that stay alive, but ${death}, as others did before it soon after their start`;
      this.#owner.failed(new RunError(`${sentence}; what they wrote before tells why`));
    } else {
      this.#owner.warn(`${death}; it is replaced in ${delay} ms`);
      await this.#replace(delay);
    }
  }

  async #replace(delay: number): Promise<void> {
    const { signal } = this.#stopped;
    const dead = this.#current;
    await sleep(delay, undefined, { signal }).catch(() => undefined); // stopped: there is nothing to replace
    if (this.#isStopped || this.#current !== dead) return;
    try {
      this.#current = this.#launch();
    } catch (error) {
      return this.#afterDeath(`worker ${this.number} could not be started: ${sentenceOf(error)}`, 0);
    }
    const { ready, pid } = this.#current;
    await ready.then(
      () => this.#owner.log(`worker ${this.number} (process ${pid}) serves`),
      (error: unknown) => this.#owner.warn(`worker ${this.number} did not start: ${failureText(error)}`),
    );
  }

  /**
   * Puts a new worker in the place of the one that serves, which ends when the new one has listened for a while.
   *
   * @returns whether there is a new one; the old one stays if that fails
   */
  async renew(): Promise<boolean> {
    if (this.#isStopped) return false;
    try {
      await this.prepare();
      await this.#next?.settled();
    } catch (error) {
      if (!this.#isStopped)
        this.#owner.warn(
          `worker ${this.number} stays as it is: the new one did not start: ${failureText(error)}`,
        );
      return false;
    }
    if (this.#isStopped || this.#next === undefined) return false;
    const former = this.#current.pid;
    const ended = this.takeOver();
    this.#owner.log(
      `worker ${this.number} (process ${this.#current.pid}) serves in the place of process ${former}`,
    );
    await ended;
    return true;
  }

  /** Starts the one that is to follow. @throws {RunError} by rejecting, if it doesn't get to listen */
  async prepare(): Promise<void> {
    this.#next = this.#launch();
    await this.#next.ready;
  }

  /** Ends the one that was to follow. */
  async abandon(): Promise<void> {
    await this.#next?.kill();
  }

  /**
   * Puts the one that was to follow, if it lives, in the place of the one that serves, and ends this.
   *
   * @param reloads - whether the app was loaded anew
   */
  async takeOver(reloads = false): Promise<void> {
    if (this.#next === undefined || this.#isStopped) return;
    const former = this.#current;
    this.#current = this.#next;
    this.#next = undefined;
    this.#policy = new RestartPolicy(); // those that died before are no omen
    await former.end(reloads);
  }

  /** Ends all of its workers gracefully, for good. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([...this.#processes].map((worker) => worker.end()));
  }

  /** Ends them at once, for good. */
  async kill(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([...this.#processes].map((worker) => worker.kill()));
  }
}
