/** Clients that come back whenever their connection ends, as those in pages do; a thousand of them are cheap. */

import type { TestContext } from "node:test";
import { WebSocket } from "ws";

/** So many times in a row it may not be let in. */
const MOST_REFUSALS = 10;

/** It waits at most so long after one of them, and twice as long after each further one, in milliseconds. */
const FIRST_DELAY = 50;

export abstract class ReturningClient {
  /** With which codes its connections ended. */
  readonly closes: number[] = [];
  /** Why it was not let in. */
  readonly refusals: Error[] = [];
  readonly #url: string;
  #ws: WebSocket;
  #refusalsInARow = 0;
  #timer: NodeJS.Timeout | undefined;
  #comesBack = true;

  /** Connects; it is gone when the test ends. */
  constructor(t: TestContext, url: string) {
    this.#url = url;
    this.#ws = this.#connect();
    t.after(() => {
      this.#comesBack = false;
      clearTimeout(this.#timer);
      this.#ws.terminate();
    });
  }

  /** A message came. */
  protected abstract received(message: string): void;

  /** Its connection is gone. */
  protected ended(): void {}

  protected send(message: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(message);
  }

  #connect(): WebSocket {
    const ws = new WebSocket(this.#url, { perMessageDeflate: false, handshakeTimeout: 30_000 });
    let wasOpen = false;
    ws.once("open", () => (wasOpen = true));
    ws.on("message", (data: Buffer) => this.received(data.toString()));
    ws.on("error", (error) => {
      if (!wasOpen) this.refusals.push(error);
    });
    ws.once("close", (code) => {
      if (wasOpen) {
        this.#refusalsInARow = 0;
        this.closes.push(code);
        this.ended();
      } else this.#refusalsInARow++;
      if (this.#comesBack) this.#comeBack();
    });
    return ws;
  }

  #comeBack(): void {
    if (this.#refusalsInARow > MOST_REFUSALS) return;
    const longest = this.#refusalsInARow === 0 ? 0 : FIRST_DELAY * 2 ** (this.#refusalsInARow - 1);
    this.#timer = setTimeout(() => (this.#ws = this.#connect()), Math.random() * longest);
  }
}
