/** What the receiver of `ws` makes of a stream. */
import type { EventEmitter } from "node:events";
import * as ws from "ws";
import type { Note } from "./stream-outcome.js";

/** `ws` exports its receiver, but its types don't say so; the step below the stream's `write` needs no turn. */
interface WsReceiver extends EventEmitter {
  _write(chunk: Buffer, encoding: "buffer", done: (error?: Error | null) => void): void;
}

const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: { readonly isServer: boolean; readonly maxPayload: number }) => WsReceiver;
};

export class WsEndpoint {
  readonly notes: Note[] = [];
  failureCode: number | undefined;
  #isClosed = false;
  readonly #receiver: WsReceiver;

  constructor(isServer: boolean, maxPayload: number) {
    this.#receiver = new Receiver({ isServer, maxPayload });
    this.#receiver.on("message", (data: Buffer, isBinary: boolean) => {
      this.notes.push(isBinary ? { kind: "binary", value: data } : { kind: "text", value: data.toString() });
    });
    this.#receiver.on("ping", (value: Buffer) => this.notes.push({ kind: "ping", value }));
    this.#receiver.on("pong", (value: Buffer) => this.notes.push({ kind: "pong", value }));
    this.#receiver.on("conclude", (code: number, reason: Buffer) => {
      this.#isClosed = true;
      this.notes.push({ kind: "close", value: reason.toString(), code });
    });
  }

  push(bytes: Buffer): void {
    if (this.failureCode !== undefined || this.#isClosed) return;
    // oxlint-disable-next-line no-underscore-dangle -- a stream of its own would cost more than the receiver
    this.#receiver._write(bytes, "buffer", (error) => {
      if (error !== null && error !== undefined) this.failureCode = codeOf(error);
    });
  }
}

/** It stands under a symbol of its own. */
function codeOf(error: Error): number {
  for (const name of Object.getOwnPropertySymbols(error)) {
    const code: unknown = Reflect.get(error, name);
    if (typeof code === "number") return code;
  }
  throw error;
}
