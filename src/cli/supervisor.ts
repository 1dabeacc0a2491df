/** Serves an app in worker processes, and keeps them alive. */

import { RunError } from "../errors.js";
import { ClusterHub } from "../rooms/cluster-hub.js";
import { banner } from "./banner.js";
import { deferred, type Deferred } from "./deferred.js";
import { after } from "./after.js";
import { sentenceOf } from "./failure.js";
import { removeStaleSocket, withKnownPort } from "./listening.js";
import { PidFile } from "./pid-file.js";
import type { Running } from "./running.js";
import type { ServingFacts } from "./serving.js";
import { endAt, handleSignals, type SignalHandlers } from "./signals.js";
import type { WorkerOrder } from "./worker-messages.js";
import { WorkerSlot, type SlotOwner } from "./worker-slot.js";

/**
 * Starts the workers, and has signals change them.
 *
 * @throws {RunError} if one of them doesn't start
 */
export async function runWorkers(order: WorkerOrder, workers: number): Promise<Running> {
  const { settings } = order;
  await removeStaleSocket(settings.address);
  const address = await withKnownPort(settings.address);
  const pidFile = await PidFile.write(settings.pidFile);
  const supervisor = new Supervisor({ ...order, settings: { ...settings, address } });
  const stopHandling = handleSignals(supervisor.signals);
  const finished = after(supervisor.finished, async () => {
    stopHandling();
    await pidFile.remove();
  });
  finished.catch(() => undefined); // whoever waits for it is told; nobody must
  try {
    const { url } = await supervisor.start(workers);
    const end = async (): Promise<void> => {
      await supervisor.end();
      await finished;
    };
    return { url, finished, end };
  } catch (error) {
    await supervisor.end();
    await finished;
    throw error;
  }
}

class Supervisor implements SlotOwner {
  readonly signals: SignalHandlers = {
    ...endAt(
      ["SIGTERM", "SIGINT"],
      () => void this.end(),
      (exitCode) => void this.#endAtOnce(exitCode),
    ),
    SIGHUP: () => this.#change(() => this.#renewAll()),
    SIGTTIN: () => this.#change(() => this.#addOne()),
    SIGTTOU: () => this.#change(() => this.#takeOneAway()),
  };
  readonly hub: ClusterHub = new ClusterHub();
  /** Settles when all workers are gone. */
  readonly finished: Promise<void>;
  readonly #order: WorkerOrder;
  readonly #slots: WorkerSlot[] = [];
  readonly #finish: Deferred;
  #ending: Promise<void> | undefined;
  #failure: RunError | undefined;
  /** What signals ask for is done one after the other. */
  #changes: Promise<void> = Promise.resolve();

  constructor(order: WorkerOrder) {
    this.#order = order;
    this.#finish = deferred();
    this.finished = this.#finish.promise;
  }

  /** @returns what the first worker tells @throws {RunError} by rejecting, if one of them doesn't start */
  async start(workers: number): Promise<ServingFacts> {
    while (this.#slots.length < workers) this.#newSlot();
    const [facts] = await Promise.all(this.#slots.map(({ ready }) => ready));
    if (facts === undefined || this.#ending !== undefined)
      throw new RunError("it was ended before it served");
    process.stdout.write(banner(facts, this.#order.settings));
    return facts;
  }

  #newSlot(): WorkerSlot {
    const slot = new WorkerSlot(this.#slots.length + 1, this.#order, this);
    this.#slots.push(slot);
    return slot;
  }

  log(sentence: string): void {
    process.stderr.write(`jackfield: ${sentence}\n`);
  }

  renew(slot: WorkerSlot): void {
    this.#change(async () => void (await slot.renew()));
  }

  failed(error: RunError): void {
    this.#failure ??= error;
    void this.end();
  }

  /** Ends all workers gracefully. Called again, it gives the same end. */
  end(): Promise<void> {
    this.#ending ??= this.#endAll();
    return this.#ending;
  }

  async #endAll(): Promise<void> {
    await Promise.all([...this.#slots.map((slot) => slot.stop()), this.#changes]);
    if (this.#failure === undefined) this.#finish.resolve();
    else this.#finish.reject(this.#failure);
  }

  async #endAtOnce(exitCode: number): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.kill()));
    process.exit(exitCode);
  }

  #change(task: () => Promise<void>): void {
    this.#changes = this.#changes
      .then(() => (this.#ending === undefined ? task() : undefined))
      .catch((error: unknown) => this.log(sentenceOf(error)));
  }

  async #renewAll(): Promise<void> {
    this.log("renews the workers, one by one");
    for (const slot of this.#slots) {
      if (!(await slot.renew())) return;
    }
    this.log("has renewed the workers");
  }

  async #addOne(): Promise<void> {
    const { ready, number } = this.#newSlot();
    await ready;
    this.log(`worker ${number} serves, too`);
  }

  async #takeOneAway(): Promise<void> {
    const last = this.#slots.at(-1);
    if (last === undefined || this.#slots.length === 1) return this.log("keeps its only worker");
    await last.stop();
    this.#slots.pop();
    this.log(`worker ${last.number} is taken away`);
  }
}
