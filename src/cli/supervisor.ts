/** Serves an app in worker processes, and keeps them alive. */

import { randomUUID } from "node:crypto";
import { writeSafely } from "../connection/stream-failures.js";
import { RunError } from "../errors.js";
import { ClusterHub } from "../rooms/cluster-hub.js";
import { banner } from "./banner.js";
import { deferred, type Deferred } from "./deferred.js";
import { after } from "./after.js";
import { sentenceOf } from "./failure.js";
import { removeStaleSocket, withKnownPort } from "./listening.js";
import { orUndo } from "./or-undo.js";
import { PidFile } from "./pid-file.js";
import { Reloading, type Reloadable } from "./reloading.js";
import { openLog, type RunLog } from "./run-log.js";
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
export async function runWorkers(
  order: Omit<WorkerOrder, "generation" | "worker">,
  workers: number,
): Promise<Running> {
  const { settings } = order;
  await removeStaleSocket(settings.address);
  const address = await withKnownPort(settings.address);
  const pidFile = await PidFile.write(settings.pidFile);
  const supervisor = new Supervisor(
    { ...order, settings: { ...settings, address }, generation: randomUUID() },
    workers,
    await openLog({}),
  );
  const stopHandling = handleSignals(supervisor.signals);
  const finished = after(supervisor.finished, async () => {
    stopHandling();
    await pidFile.remove();
  });
  finished.catch(() => undefined); // whoever waits for it is told; nobody must
  try {
    const { url } = await supervisor.start();
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

class Supervisor implements SlotOwner, Reloadable {
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
  #order: SlotOwner["order"];
  readonly #slots: WorkerSlot[] = [];
  readonly #workers: number;
  readonly #log: RunLog;
  #hasServed = false;
  readonly #finish: Deferred;
  #reloading: Reloading | undefined;
  #ending: Promise<void> | undefined;
  #failure: RunError | undefined;
  /** What signals and reloads ask for is done one after the other. */
  #changes: Promise<void> = Promise.resolve();

  constructor(order: SlotOwner["order"], workers: number, log: RunLog) {
    this.#order = order;
    this.#log = log;
    this.#workers = workers;
    this.#finish = deferred();
    this.finished = this.#finish.promise;
  }

  get order(): SlotOwner["order"] {
    return this.#order;
  }

  get mayGiveUp(): boolean {
    this.#hasServed ||= this.#slots.some((slot) => slot.hasServed);
    return !this.#hasServed || this.#order.settings.reload;
  }

  /** @returns what a worker tells @throws {RunError} by rejecting, if one doesn't start before any has served */
  async start(): Promise<ServingFacts> {
    if (this.#order.settings.reload) this.#reloading = await Reloading.begin(this, this.#order);
    if (this.#ending !== undefined) await this.#reloading?.end();
    const facts = await (this.#reloading?.start() ?? this.#startAll());
    void writeSafely(process.stdout, banner(facts, this.#order.settings));
    return facts;
  }

  async #startAll(): Promise<ServingFacts> {
    if (this.#ending === undefined) while (this.#slots.length < this.#workers) this.#newSlot();
    const told = await Promise.all(this.#slots.map((slot) => slot.ready.catch(this.#toleratedAtStart)));
    const facts = told.find((each) => each !== undefined);
    if (facts === undefined || this.#ending !== undefined)
      throw new RunError("it was ended before it served");
    return facts;
  }

  /** A worker that doesn't start is replaced as one that dies later, where others serve already. */
  readonly #toleratedAtStart = (error: unknown): undefined => {
    if (this.mayGiveUp) throw error;
  };

  startAll(outdated: AbortSignal): Promise<ServingFacts> {
    const kill = (): Promise<unknown> => Promise.all(this.#slots.splice(0).map((slot) => slot.kill()));
    return orUndo(() => this.#startAll(), kill, outdated);
  }

  replaceAll(outdated: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      this.#order = { ...this.#order, generation: randomUUID() };
      const prepare = (): Promise<unknown> => Promise.all(this.#slots.map((slot) => slot.prepare()));
      const abandon = (): Promise<unknown> => Promise.all(this.#slots.map((slot) => slot.abandon()));
      await orUndo(prepare, abandon, outdated);
      await Promise.all(this.#slots.map((slot) => slot.takeOver(true)));
    });
  }

  #newSlot(): WorkerSlot {
    const slot = new WorkerSlot(this.#slots.length + 1, this);
    this.#slots.push(slot);
    return slot;
  }

  log(sentence: string): void {
    this.#log.info(sentence);
  }

  warn(sentence: string): void {
    this.#log.warn(sentence);
  }

  renew(slot: WorkerSlot): void {
    this.#change(async () => void (await slot.renew()));
  }

  failed(error: RunError): void {
    if (this.#reloading !== undefined) return this.warn(`waits for a change: ${error.message}`);
    this.#failure ??= error;
    void this.end();
  }

  /** Ends all workers gracefully. Called again, it gives the same end. */
  end(): Promise<void> {
    this.#ending ??= this.#endAll();
    return this.#ending;
  }

  async #endAll(): Promise<void> {
    await Promise.all([...this.#slots.map((slot) => slot.stop()), this.#changes, this.#reloading?.end()]);
    if (this.#failure === undefined) this.#finish.resolve();
    else this.#finish.reject(this.#failure);
  }

  async #endAtOnce(exitCode: number): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.kill()));
    process.exit(exitCode);
  }

  #change(task: () => Promise<void>): void {
    this.#inTurn(task).catch((error: unknown) => this.log(sentenceOf(error)));
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(() => (this.#ending === undefined ? task() : undefined));
    this.#changes = done.catch(() => undefined); // whoever asked for it is told
    return done;
  }

  async #renewAll(): Promise<void> {
    this.log("renews the workers, one by one");
    for (const slot of this.#slots) {
      if (!(await slot.renew())) return this.warn("has not renewed all workers: the others stay as they are");
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
