/** `--reload`: the app is loaded anew when a file of the project changes. */

import { failureText } from "./failure.js";
import { findModule } from "./module-reference.js";
import { ProjectWatcher } from "./project-watcher.js";
import type { ServingFacts } from "./serving.js";
import type { WorkerOrder } from "./worker-messages.js";

/** Whose workers are renewed. */
export interface Reloadable {
  /** Something happened that people may want to know. */
  log(sentence: string): void;
  /**
   * Starts all workers.
   *
   * @param outdated - aborts when the files have changed once more
   * @returns what the first of them tells
   * @throws {RunError} if one of them doesn't get to listen; there is none then
   */
  startAll(outdated: AbortSignal): Promise<ServingFacts>;
  /**
   * Puts new workers in the place of all.
   *
   * @param outdated - aborts when the files have changed once more
   * @throws {RunError} if one of them doesn't get to listen; the old ones stay then
   */
  replaceAll(outdated: AbortSignal): Promise<void>;
}

export class Reloading {
  readonly #app: Reloadable;
  readonly #watcher: ProjectWatcher;
  #isOver = false;
  #following: Promise<void> | undefined;

  private constructor(app: Reloadable, watcher: ProjectWatcher) {
    this.#app = app;
    this.#watcher = watcher;
  }

  /** Begins to watch. @throws {RunError} if there is no such module, or nothing to watch with */
  static async begin(
    app: Reloadable,
    order: Pick<WorkerOrder, "folder" | "module" | "settings">,
  ): Promise<Reloading> {
    const { folder, settings } = order;
    const module = await findModule(order.module, folder);
    const project = { folder, module, extensions: settings.reloadExtensions };
    const watcher = await ProjectWatcher.start(project, (error) =>
      app.log(`some files are not watched: ${failureText(error)}`),
    );
    return new Reloading(app, watcher);
  }

  /**
   * Starts the app, again and again until it serves, and reloads it from then on.
   *
   * @throws {RunError} if it is ended before
   */
  async start(): Promise<ServingFacts> {
    for (;;) {
      const changed = this.#watcher.nextBurst();
      const outdated = abortedAt(changed);
      try {
        const facts = await this.#app.startAll(outdated);
        this.#following = this.#follow(changed);
        return facts;
      } catch (error) {
        if (this.#isOver) throw error;
        if (!outdated.aborted) this.#app.log(`waits for a change: ${failureText(error)}`);
        const files = await changed;
        if (files.length === 0) throw error;
        this.#app.log(`starts, as ${listOf(files)} changed`);
      }
    }
  }

  async #follow(changed: Promise<readonly string[]>): Promise<void> {
    let files = await changed;
    while (files.length > 0) {
      const next = this.#watcher.nextBurst();
      await this.#reload(files, abortedAt(next));
      files = await next;
    }
  }

  async #reload(files: readonly string[], outdated: AbortSignal): Promise<void> {
    const began = performance.now();
    this.#app.log(`reloads, as ${listOf(files)} changed`);
    try {
      await this.#app.replaceAll(outdated);
      this.#app.log(`has reloaded in ${Math.round(performance.now() - began)} ms`);
    } catch (error) {
      if (!outdated.aborted) this.#app.log(`serves as before, and waits for a change: ${failureText(error)}`);
    }
  }

  /** Ends the watching, and what it has begun. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#watcher.close();
    await this.#following;
  }
}

function abortedAt(changed: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  void changed.then(() => controller.abort());
  return controller.signal;
}

function listOf([first, ...others]: readonly string[]): string {
  if (others.length === 0) return `${first}`;
  return `${first} and ${others.length} more ${others.length === 1 ? "file" : "files"}`;
}
