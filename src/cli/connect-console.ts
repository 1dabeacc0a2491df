/** What `jackfield connect` shows and reads: messages on the standard output, everything else on the standard error. */

import { createInterface, clearLine, cursorTo, type Interface } from "node:readline";
import type { Message } from "../connection/message.js";
import { writeSafely } from "../connection/stream-failures.js";
import { isRead } from "./standard-streams.js";

/** Of binary messages, a terminal shows so many bytes. */
const SHOWN_BYTES = 1_024;

const GREEN = 32;
const GREY = 90;

export class ConnectConsole {
  /** Whether somebody types. */
  readonly isInteractive: boolean = process.stdin.isTTY && process.stdout.isTTY;
  #lines: Interface | undefined;

  /**
   * The lines that are typed or piped in, until the end of the input or `close`. Where the input can't be read, its failure is
   * thrown.
   *
   * @param interrupted - called at Ctrl+C
   */
  lines(interrupted: () => void): AsyncIterable<string> {
    const terminal = this.isInteractive;
    const output = terminal ? { output: process.stdout } : {};
    this.#lines = createInterface({ input: process.stdin, ...output, terminal, prompt: "> " });
    this.#lines.on("SIGINT", interrupted);
    // At Ctrl+D it ends by itself: what shows a prompt again would have it read on.
    this.#lines.once("close", () => {
      this.#lines = undefined;
    });
    if (terminal) this.#lines.on("line", () => this.#lines?.prompt()).prompt();
    return this.#lines;
  }

  /**
   * Shows a message.
   *
   * @returns a promise that settles when there is room for the next one, with `false` if nothing reads it any more
   * @throws {RunError} if it can't be written
   */
  async message(message: Message): Promise<boolean> {
    const text = typeof message === "string" ? message : this.#describe(message);
    const line = process.stdout.isTTY ? coloured(process.stdout, GREEN, `< ${visible(text)}`) : text;
    return isRead(await this.#write(process.stdout, line));
  }

  #describe(bytes: Uint8Array): string {
    const most = process.stdout.isTTY ? SHOWN_BYTES : bytes.length;
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, most)).toString("hex");
    return `binary, ${bytes.length} bytes: ${hex}${bytes.length > most ? "…" : ""}`;
  }

  /** Shows what has become of the connection, where it can be shown. */
  async state(text: string): Promise<void> {
    await this.#write(process.stderr, coloured(process.stderr, GREY, visible(text)));
  }

  /** What is being typed stands behind it again. @returns the failure, if there was one */
  async #write(stream: NodeJS.WriteStream, line: string): Promise<Error | undefined> {
    const isTyping = this.#hidePrompt();
    const written = writeSafely(stream, `${line}\n`);
    if (isTyping) this.#lines?.prompt(true);
    return written;
  }

  /** @returns whether there is one */
  #hidePrompt(): boolean {
    if (!this.isInteractive || this.#lines === undefined) return false;
    cursorTo(process.stdout, 0);
    clearLine(process.stdout, 0);
    return true;
  }

  /** Nothing more is typed. */
  close(): void {
    this.#hidePrompt();
    this.#lines?.close();
  }
}

/** The environment variable `NO_COLOR` and the kind of terminal say whether it has any. */
function coloured(stream: NodeJS.WriteStream, colour: number, text: string): string {
  const hasColours = stream.isTTY && stream.hasColors();
  return hasColours ? `\u001B[${colour}m${text}\u001B[0m` : text;
}

/** A server must not move the cursor of a terminal, nor do worse: control characters are shown as what they are. */
export function visible(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    return `\\u${code}`;
  });
}
