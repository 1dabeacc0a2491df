/** The other side of the endpoint under test: it sends whatever it is told to, and notes all that comes. */

import { randomInt } from "node:crypto";
import type { Socket as TcpSocket } from "node:net";
import type { CloseInfo } from "jackfield";
import type { Role } from "#src/protocol/opcode.js";
import { buildFrame, type FrameSpec } from "../protocol/frames.js";
import { assertArrival, close, codeBytes, type Arrival, type Expected } from "./arrival.js";
import { IncomingFrames } from "./incoming-frames.js";
import { writeInSegments } from "./segments.js";

export interface PeerOptions {
  /** The role of the endpoint under test. */
  readonly role: Role;
  /** How it ended, as its application sees it. */
  readonly ending: Promise<CloseInfo>;
  /** The window of what the endpoint under test compresses; without it, compression was not agreed on. */
  readonly windowBits?: number | undefined;
}

export class Peer {
  readonly socket: TcpSocket;
  readonly ending: Promise<CloseInfo>;
  readonly #role: Role;
  readonly #frames: IncomingFrames;
  readonly #arrivals: Arrival[] = [];
  #wake: (() => void) | undefined;

  constructor(socket: TcpSocket, { role, ending, windowBits }: PeerOptions) {
    this.socket = socket;
    this.ending = ending;
    this.#role = role;
    this.#frames = new IncomingFrames({
      role,
      windowBits,
      arrived: (arrival) => this.#note(arrival),
    });
    socket.on("data", (chunk) => this.#frames.push(chunk)).resume();
    const end: Arrival = { kind: "end", payload: Buffer.alloc(0), compressed: false };
    socket.once("end", () => this.#note(end));
    socket.once("close", () => this.#note(end));
    socket.on("error", () => undefined); // its close tells
  }

  #note(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    this.#wake?.();
  }

  /** The masks of all frames that came, in hexadecimal digits. */
  get masks(): readonly string[] {
    return this.#frames.masks;
  }

  /** Sends frames, masked with random keys if the other side is a server. @param chunk - as of `write` */
  send(frames: readonly FrameSpec[], chunk?: number): Promise<void> {
    return this.write(this.#encode(frames), chunk);
  }

  /** The same in two segments. @param at - of how many bytes the first one is */
  async sendInTwo(frames: readonly FrameSpec[], at: number): Promise<void> {
    const bytes = this.#encode(frames);
    await this.write(bytes.subarray(0, at));
    await this.write(bytes.subarray(at));
  }

  #encode(frames: readonly FrameSpec[]): Buffer {
    return Buffer.concat(
      frames.map((frame) => buildFrame(this.#role, { key: randomInt(2 ** 32), ...frame })),
    );
  }

  /** Writes bytes in segments of `chunk` bytes, as long as the connection takes any. */
  write(bytes: Buffer, chunk?: number): Promise<void> {
    return writeInSegments(this.socket, bytes, chunk);
  }

  /** The next that came. */
  async next(): Promise<Arrival> {
    for (;;) {
      const arrival = this.#arrivals.shift();
      if (arrival !== undefined) return arrival;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Expects these, in this order. */
  async expect(...expected: readonly Expected[]): Promise<void> {
    for (const one of expected) assertArrival(await this.next(), one);
  }

  /** Expects that the other side ends the TCP connection, and sends nothing before. */
  async expectEnd(): Promise<void> {
    await this.expect({ kind: "end" });
    this.socket.end();
  }

  /** Does the closing handshake, and expects nothing but the answer. */
  async leave(code: number | undefined = 1000): Promise<void> {
    await this.send([{ opcode: 8, payload: codeBytes(code) }]);
    await this.expect(close(code));
    await this.expectEnd();
  }
}
