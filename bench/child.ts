/** A child process of a benchmark or a soak: calls to it, and its certain end. */

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isChildMessage, type ChildMessage, type NumberedCall } from "./child-messages.js";

interface Waiting<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

export interface ChildOptions {
  /** Further flags for Node. */
  readonly flags?: readonly string[];
  /** Arguments for the program. */
  readonly args?: readonly string[];
  /** The path of what runs the program in place of Node. */
  readonly runtime?: string | undefined;
}

/** How much of a child's last words is kept, characters. */
const MAX_LAST_WORDS = 4000;

const running = new Set<{ kill(): void }>();

/** Ends every child that is still there. Works in an `exit` listener, too. */
export function killChildren(): void {
  for (const child of running) child.kill();
}

/**
 * Calls are answered by `answerCalls` on the other side.
 *
 * @typeParam Greeting - what it tells first, without being asked
 */
export class Child<Greeting, Call, Reply> {
  /** Resolves to its greeting once it can be called. */
  readonly ready: Promise<Greeting>;
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting<Reply>>();
  #isReady!: (greeting: Greeting) => void;
  #isNotReady!: (error: Error) => void;
  #lastId = 0;
  #lastWords = "";

  constructor(name: string, program: URL, { flags = [], args = [], runtime }: ChildOptions = {}) {
    this.#name = name;
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isNotReady = reject;
    });
    // Whoever awaits `ready` is told; but nobody may, if another child failed first.
    this.ready.catch(() => undefined);
    this.#process = fork(fileURLToPath(program), args, {
      ...(runtime === undefined ? {} : { execPath: runtime }),
      execArgv: ["--expose-gc", ...flags],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      detached: true, // the leader of a group of processes, which can be killed as a whole
    });
    running.add(this);
    this.#listen();
  }

  /** @throws if the child says so, or ends before it has answered */
  async call(call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const message: NumberedCall<Call> = { id, call };
      this.#waiting.set(id, { resolve, reject });
      this.#process.send(message, (error) => {
        if (error !== null) this.#take(id)?.reject(error);
      });
    });
  }

  /** Kills the child, and the programs that it has started. */
  kill(): void {
    const { pid } = this.#process;
    if (pid === undefined) return; // could not be started
    try {
      process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }

  /** Kills the child and waits until its CPU and port are free again. */
  async stop(): Promise<void> {
    if (!running.has(this)) return;
    const ended = new Promise<void>((resolve) => {
      this.#process.once("close", () => resolve());
    });
    this.kill();
    await ended;
  }

  #listen(): void {
    this.#process.on("message", (message) => {
      if (isChildMessage(message)) this.#settle(message as ChildMessage<Greeting, Reply>);
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-MAX_LAST_WORDS);
    });
    this.#process.on("error", (error) => this.#end(error.message));
    // "close" and not "exit", so that stderr has been read to its end.
    this.#process.on("close", (code, signal) => this.#end(`ended with ${code ?? signal}`));
  }

  #take(id: number): Waiting<Reply> | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #settle(message: ChildMessage<Greeting, Reply>): void {
    switch (message.kind) {
      case "ready":
        this.#isReady(message.greeting);
        break;
      case "reply":
        this.#take(message.id)?.resolve(message.reply);
        break;
      case "failure":
        this.#take(message.id)?.reject(new Error(`${this.#name}: ${message.message}`));
        break;
    }
  }

  #end(how: string): void {
    running.delete(this);
    const error = new Error(`${this.#name} ${how}${reasonIn(this.#lastWords)}`);
    this.#isNotReady(error);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** This package's folder; this file is compiled to `build/bench/child.js`. */
const root = fileURLToPath(new URL("../../", import.meta.url));

/** The line of a stack trace that names the error, as far as there is one, without the paths of this machine. */
function reasonIn(stderr: string): string {
  const lines = stderr
    .replaceAll(root, "")
    .split("\n")
    .map((line) => line.trim());
  const reason = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.findLast((line) => line !== "");
  return reason === undefined ? "" : `: ${reason}`;
}
