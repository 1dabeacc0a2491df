/** The other end of a transport that is one of ours, too, as the transport contract wants it. */

import type { Message, Transport, TransportEvents } from "#src/connection/transport.js";
import { isControl } from "#src/protocol/opcode.js";
import type { Note } from "../node/raw-client.js";
import type { TransportPeer } from "./transport-contract.js";
import { until } from "./turns.js";

export class MemoryPeer implements TransportPeer, TransportEvents {
  readonly notes: Note[] = [];
  readonly #transport: Transport;
  #taken = 0;
  #closeWasSent = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.start(this);
  }

  text(text: string): void {
    this.#transport.sendText(text);
  }

  binary(bytes: Uint8Array): void {
    this.#transport.sendBinary(bytes);
  }

  frame(opcode: number, payload: string | Uint8Array = "", fin = true): void {
    this.#transport.sendFrame(opcode, Buffer.from(payload), fin || isControl(opcode));
  }

  sendClose(code?: number, reason = ""): void {
    this.#closeWasSent = true;
    this.#transport.sendClose(code, reason);
  }

  stopReading(): void {
    this.#transport.pause();
  }

  goOnReading(): void {
    this.#transport.resume();
  }

  end(): void {
    this.#transport.end();
  }

  drop(): void {
    this.#transport.terminate();
  }

  reset(): void {
    this.#transport.terminate();
  }

  async next(): Promise<Note> {
    await until(() => this.notes.length > this.#taken);
    return this.notes[this.#taken++] as Note;
  }

  async nextOf<Kind extends Note[0]>(kind: Kind): Promise<Extract<Note, readonly [Kind, ...unknown[]]>> {
    for (;;) {
      const note = await this.next();
      if (note[0] === kind) return note as Extract<Note, readonly [Kind, ...unknown[]]>;
    }
  }

  async gone(): Promise<void> {
    await this.nextOf("gone");
  }

  message(message: Message): void {
    this.notes.push(typeof message === "string" ? ["text", message] : ["binary", Buffer.from(message)]);
  }

  pong(payload: Uint8Array): void {
    this.notes.push(["pong", Buffer.from(payload)]);
  }

  closing(code: number, reason: string): void {
    this.notes.push(["close", code, reason]);
    if (!this.#closeWasSent) this.sendClose(code);
    this.#transport.end();
  }

  failed(): void {}

  ended(): void {
    this.#transport.end();
  }

  ending(): void {}

  drained(): void {}

  closed(): void {
    this.notes.push(["end"], ["gone", false]);
  }
}
