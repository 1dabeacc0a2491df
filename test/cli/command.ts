/** Runs the command as a shell would, in a process of its own that has a deadline. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("dist/cli/main.js", import.meta.resolve("jackfield/package.json")));

/** In milliseconds; after that it is killed, and with it its workers. */
const DEADLINE = 50_000;

/** The module of an example, or of an app of these tests. */
export function example(path: string): string {
  return fileURLToPath(new URL(`../../examples/${path}.js`, import.meta.url));
}

export function app(name: string): string {
  return fileURLToPath(new URL(`apps/${name}.js`, import.meta.url));
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Over those of this process; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it reads; without it, there is nothing to read. */
  readonly input?: string | Buffer;
  /** Whether what it reads can't be read: it is open for writing only. @default false */
  readonly unreadable?: boolean;
  /** Whether it runs in a terminal, where all that it writes is `output`, and `type` types. @default false */
  readonly terminal?: boolean;
  /** What is run instead of the command. */
  readonly program?: string;
  /** How many file descriptors each process may have. */
  readonly descriptors?: number;
  /** What it writes is lost: to a disk that is full, or a pipe without a reader. */
  readonly lost?: Partial<Readonly<Record<"stdout" | "stderr", "full" | "gone">>>;
}

export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  output = "";
  errors = "";
  readonly #news = new EventEmitter();
  #hasEnded = false;

  /** Starts it; it is gone when the test ends. */
  constructor(
    t: TestContext,
    args: readonly string[],
    {
      cwd,
      env = {},
      input,
      terminal = false,
      program = main,
      descriptors,
      unreadable = false,
      lost = {},
    }: CommandOptions = {},
  ) {
    const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors}; `;
    const direct = [process.execPath, program, ...args];
    const words = terminal ? ["script", "-qec", direct.map(quoted).join(" "), "/dev/null"] : direct;
    const redirections = [
      ...(unreadable ? ["0>/dev/null"] : []),
      ...(lost.stdout === "full" ? [">/dev/full"] : []),
      ...(lost.stderr === "full" ? ["2>/dev/full"] : []),
    ].join(" ");
    this.child = spawn("sh", ["-c", `${limit}exec "$0" "$@" ${redirections}`, ...words], {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input === undefined && !terminal ? "ignore" : "pipe", "pipe", "pipe"],
      timeout: DEADLINE,
      killSignal: "SIGKILL",
    });
    t.after(() => {
      this.child.kill("SIGKILL");
      if (t.signal.aborted) t.diagnostic(`the command wrote ${JSON.stringify(this.output + this.errors)}`);
    });
    if (lost.stdout === "gone") this.child.stdout?.destroy();
    if (lost.stderr === "gone") this.child.stderr?.destroy();
    this.child.stdin?.on("error", () => undefined); // it may have ended before it has read
    if (input !== undefined) this.child.stdin?.end(input);
    this.child.stdout?.on("data", (text: Buffer) => {
      this.output += text.toString();
      this.#news.emit("news");
    });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.errors += text.toString();
      this.#news.emit("news");
    });
    this.ended = once(this.child, "close").then(([code, signal]: unknown[]) => {
      this.#hasEnded = true;
      this.#news.emit("news");
      return { code, signal } as Ending;
    });
  }

  /** Starts `jackfield run` at a port that is free, and waits until it listens. */
  static async run(
    t: TestContext,
    module: string,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): Promise<Command> {
    const command = new Command(t, ["run", module, "--port", "0", ...args], options);
    await command.says(/ at \S+\r?\n/);
    return command;
  }

  /** Where it listens. */
  get url(): string {
    return / at (\S+)\r?\n/.exec(this.output)?.[1] ?? assert.fail(`it told no URL: ${this.output}`);
  }

  /** The same for a WebSocket. */
  get socketUrl(): string {
    return this.url.replace(/^http/, "ws");
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Waits until it has written something that matches. */
  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output + this.errors)) {
      if (this.#hasEnded) assert.fail(`it ended before it said ${pattern}: ${this.output}${this.errors}`);
      await once(this.#news, "news");
    }
  }

  /** Types in its terminal. */
  type(text: string): void {
    this.child.stdin?.write(text);
  }

  kill(signal: NodeJS.Signals): this {
    this.child.kill(signal);
    return this;
  }
}

/** As a word for a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Why tests that need a full disk are skipped, or `false`. */
export const noFullDisk: string | false = !existsSync("/dev/full") && "there is no /dev/full";

/** Why tests that need a terminal are skipped, or `false`. */
export const noTerminal: string | false =
  spawnSync("script", ["-qec", "true", "/dev/null"]).status !== 0 && "there is no script of util-linux";
