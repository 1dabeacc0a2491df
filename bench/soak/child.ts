/** The processes of a soak: each answers one question at a time, and ends with the command. */

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Question } from "./facts.js";

type Answer = { readonly value: unknown } | { readonly error: string };

/** A process that the command has started. */
export class Child<Facts> {
  readonly #process: ChildProcess;
  readonly #name: string;
  #waiting:
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void } | undefined;
  #ending: Error | undefined;

  /** What it tells first, without being asked: what others have to know of it. Rejects if it ends before. */
  readonly hello: Promise<readonly string[]>;

  /** Starts it. */
  constructor(name: string, program: URL, args: readonly string[] = []) {
    this.#name = name;
    this.#process = fork(fileURLToPath(program), args, { execArgv: ["--expose-gc"] });
    this.#process.on("message", (answer: Answer) => this.#settle(answer));
    this.#process.once("error", (error) => this.#end(error.message));
    this.#process.once("exit", (code, signal) => this.#end(`ended with ${code ?? signal}`));
    this.hello = this.#answer() as Promise<readonly string[]>;
  }

  /** @throws {Error} if it can't answer, or ends before */
  async ask(question: Question): Promise<Facts> {
    if (this.#ending !== undefined) throw this.#ending;
    const answer = this.#answer();
    this.#process.send(question);
    return (await answer) as Facts;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if ("value" in answer) waiting?.resolve(answer.value);
    else waiting?.reject(new Error(`the ${this.#name}: ${answer.error}`));
  }

  #end(how: string): void {
    this.#ending ??= new Error(`the ${this.#name} ${how}`);
    this.#waiting?.reject(this.#ending);
    this.#waiting = undefined;
  }
}

/** The other side of it: says hello and answers, one question after the other, for as long as the command lives. */
export function answerQuestions(hello: readonly string[], answer: (question: Question) => unknown): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (question: Question) => {
    Promise.resolve(question).then(answer).then(tell, fail);
  });
  tell(hello);
}

function tell(value: unknown): void {
  process.send?.({ value } satisfies Answer);
}

function fail(error: unknown): void {
  process.send?.({ error: error instanceof Error ? error.message : String(error) } satisfies Answer);
}
