/** One worker process, as its supervisor sees it. */

import cluster, { type Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { RunError } from "../errors.js";
import type { ClusterHub } from "../rooms/cluster-hub.js";
import { HandedConnections } from "./handed-connections.js";
import type { RunSettings } from "./run-options.js";
import type { ServingFacts } from "./serving.js";
import { ORDER, enclose, enclosedIn, graceAtEnd, type WorkerOrder } from "./worker-messages.js";

/** So much longer than its grace period a worker may take to end, in milliseconds. */
const EXTRA_TIME = 3_000;

/** A worker that has listened for so long does not die of its start, in milliseconds. */
const SETTLED_AFTER = 1_000;

export class WorkerProcess {
  /** When it began, on the clock of `performance.now()`. */
  readonly began: number = performance.now();
  /** Settles when it is gone, with how it ended, for people: "exit code 1", "SIGKILL". */
  readonly exited: Promise<string>;
  /**
   * Settles when it listens.
   *
   * @throws {RunError} by rejecting, if it ends before that
   */
  readonly ready: Promise<ServingFacts>;
  /** Settles if it had no file descriptor left for a connection: it gets none any more from then on. */
  readonly cutOff: Promise<void>;
  readonly #worker: Worker;
  readonly #settings: RunSettings;
  #phase: "starts" | "listens" | "failed" = "starts";
  /** When it began to listen, on the clock of `performance.now()`. */
  #listensSince = Infinity;
  #connections: HandedConnections | undefined;
  #killer: NodeJS.Timeout | undefined;

  /**
   * @param hub - carries what it tells the other workers
   * @throws {Error} of Node, if the system has no room for a process. Where it tells only later, `exited` does.
   */
  constructor(order: WorkerOrder, hub: ClusterHub) {
    const exec = fileURLToPath(new URL("worker-main.js", import.meta.url));
    cluster.setupPrimary({ exec, args: [], serialization: "advanced" });
    this.#settings = order.settings;
    this.#worker = cluster.fork({ [ORDER]: JSON.stringify(order) });
    hub.add(this.#worker);
    this.exited = this.#untilExit();
    this.ready = this.#untilReady();
    this.ready.catch(() => undefined); // also where nobody waits for it
    this.cutOff = new Promise((resolve) => {
      if (this.#hasBegun) this.#connections = new HandedConnections(this.#worker.process, resolve);
    });
  }

  /** Whether there is a process. Without one, there is no channel to it, either. */
  get #hasBegun(): boolean {
    return this.#worker.process.pid !== undefined && this.#worker.process.pid > 0;
  }

  /** Whether it came so far. */
  get hasListened(): boolean {
    return this.#phase === "listens";
  }

  /** Whether it was given connections, or has listened for a while. */
  get hasServed(): boolean {
    return this.#connections?.any === true || performance.now() - this.#listensSince >= SETTLED_AFTER;
  }

  /**
   * Settles when it has listened for a while.
   *
   * @throws {RunError} if it ends before that
   */
  async settled(): Promise<void> {
    const moment = new AbortController();
    const passed = sleep(SETTLED_AFTER, undefined, { signal: moment.signal }).catch(() => undefined);
    const how = await Promise.race([passed, this.exited]);
    moment.abort();
    if (how !== undefined) throw new RunError(`a worker ended soon after it began to listen, with ${how}`);
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  /** Not by `once` of node:events, which an error would reject, such as that of a message to a worker that is gone. */
  #untilExit(): Promise<string> {
    return new Promise((resolve) => {
      const child = this.#worker.process;
      child.on("error", (error) => {
        // A message that can't reach the worker fails because it is gone, which its exit tells.
        if (this.#hasBegun) return;
        resolve(`an error of the system: ${error.message}`);
        child.emit("exit", null, null); // Node emits none, and node:cluster would keep the worker for ever
      });
      this.#worker.on("error", () => undefined); // node:cluster repeats those of the process
      this.#worker.once("exit", (code: number | null, signal: string | null) => {
        clearTimeout(this.#killer);
        resolve(signal ?? `exit code ${code}`);
      });
    });
  }

  #untilReady(): Promise<ServingFacts> {
    return new Promise((resolve, reject) => {
      this.#worker.on("message", (arrival: unknown) => {
        const message = enclosedIn(arrival);
        if (message?.type === "ready") {
          this.#phase = "listens";
          this.#listensSince = performance.now();
          resolve(message.facts);
        } else if (message?.type === "failed") {
          this.#phase = "failed";
          reject(new RunError(message.sentence, { cause: message.details }));
        }
      });
      void this.exited.then((how) => reject(new RunError(`a worker ended before it listened, with ${how}`)));
    });
  }

  /**
   * Has it end gracefully, or be killed where it doesn't in time.
   *
   * @param reloads - whether it ends since the app is loaded anew; it hurries then
   * @returns how it ended
   */
  end(reloads = false): Promise<string> {
    if (this.#worker.isDead()) return this.exited;
    this.#killer ??= setTimeout(() => this.#kill(), graceAtEnd(this.#settings, reloads) + EXTRA_TIME);
    // While it starts, it hears no message, but this signal ends it.
    if (this.#phase === "starts") this.#worker.process.kill("SIGTERM");
    const message = enclose({ type: "end", reloads });
    if (this.#worker.isConnected()) this.#worker.send(message, () => undefined); // its exit tells what came of it
    return this.exited;
  }

  /** Ends it at once, unless it has failed: then it ends by itself, and says why. @returns how it ended */
  kill(): Promise<string> {
    if (this.#phase !== "failed") this.#kill();
    return this.exited;
  }

  #kill(): void {
    this.#worker.process.kill("SIGKILL");
  }
}
