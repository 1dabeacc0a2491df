/** Watches the files of a project, and tells of bursts of changes. */

import { dirname, extname, isAbsolute, relative, resolve, sep } from "node:path";
import type { FSWatcher } from "chokidar";
import { deferred, type Deferred } from "./deferred.js";
import { isTypeScript, type ModuleReference } from "./module-reference.js";
import { importOptional } from "./optional-package.js";

/** When nothing has changed for so long, a burst is over, in milliseconds. */
const SILENCE = 100;

/** What an app is made of: programs, data, templates and styles. */
const extensions = "js,mjs,cjs,jsx,json,html,htm,css,ejs,pug,hbs,njk,liquid,mustache,eta,yaml,yml,toml,sql";

/** Beside JavaScript, these are compiled to it by somebody else: what counts is what comes of that. */
const typeScriptExtensions = "ts,mts,cts,tsx";

/** What is watched. */
export interface Project {
  readonly folder: string;
  /** The module of the app. Its folder is watched, too, if it stands elsewhere. */
  readonly module: ModuleReference;
  /** Of the files that are watched, with commas between them; without any, the usual ones of such a module. */
  readonly extensions: string | undefined;
}

/** Changes that come soon after each other. */
interface Burst {
  readonly files: Set<string>;
  readonly over: Deferred;
}

export class ProjectWatcher {
  readonly #project: Project;
  readonly #folders: readonly string[];
  readonly #extensions: ReadonlySet<string>;
  #burst: Burst = newBurst();
  #silence: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;

  private constructor(project: Project) {
    const { folder, module } = project;
    const moduleFolder = dirname(module.file);
    const usual = isTypeScript(module) ? `${extensions},${typeScriptExtensions}` : extensions;
    this.#project = project;
    this.#folders = isWithin(folder, moduleFolder) ? [folder] : [folder, moduleFolder];
    this.#extensions = new Set(
      (project.extensions ?? usual).split(",").map((each) => `.${each.trim().replace(/^\./, "")}`),
    );
  }

  /**
   * Begins to watch.
   *
   * @param onError - told what goes wrong later, such as that the system watches no more files
   * @throws {RunError} if the package that watches isn't there
   */
  static async start(project: Project, onError: (error: unknown) => void): Promise<ProjectWatcher> {
    const watcher = new ProjectWatcher(project);
    await watcher.#watch(onError);
    return watcher;
  }

  async #watch(onError: (error: unknown) => void): Promise<void> {
    const { watch } = await importOptional("chokidar", "reload", () => import("chokidar"));
    const watcher = watch([...this.#folders], {
      ignoreInitial: true,
      ignored: (path, stats) => this.#isIgnored(path) || (stats?.isFile() === true && !this.#isWatched(path)),
    });
    this.#watcher = watcher;
    watcher.on("error", onError);
    watcher.on("all", (_event, path) => {
      if (!this.#isIgnored(path) && this.#isWatched(path)) this.#changed(path);
    });
    // Its "ready" comes, whatever cannot be watched.
    await new Promise<void>((resolve) => void watcher.once("ready", resolve));
  }

  /** Whether it is something of a package or of a tool, such as `.git`. */
  #isIgnored(path: string): boolean {
    const folder = this.#folders.find((each) => isWithin(each, path)) ?? path;
    const parts = relative(folder, path).split(sep);
    return parts.some((part) => part === "node_modules" || (part.startsWith(".") && !isEnvironment(part)));
  }

  #isWatched(path: string): boolean {
    return this.#extensions.has(extname(path)) || isEnvironment(path.slice(path.lastIndexOf(sep) + 1));
  }

  #changed(path: string): void {
    this.#burst.files.add(relative(this.#project.folder, resolve(path)));
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#endBurst(), SILENCE);
  }

  #endBurst(): void {
    const { over } = this.#burst;
    this.#burst = newBurst();
    over.resolve();
  }

  /**
   * Waits for the end of the burst that comes next, or is just going on.
   *
   * @returns the files, as seen from the folder; none if the watcher is closed
   */
  async nextBurst(): Promise<readonly string[]> {
    const { files, over } = this.#burst;
    await over.promise;
    return [...files];
  }

  async close(): Promise<void> {
    clearTimeout(this.#silence);
    this.#burst.files.clear();
    this.#endBurst();
    await this.#watcher?.close();
  }
}

function newBurst(): Burst {
  return { files: new Set(), over: deferred() };
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way.split(sep)[0] !== "..";
}

/** `.env`, `.env.local` and so on: what many apps have their environment from. */
function isEnvironment(name: string): boolean {
  return /^\.env(\.|$)/.test(name);
}
