/** A stretch of network with faults: a port of 127.0.0.1 behind which another one is reached, though not as one would like. */

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { deferred } from "../frameworks/clients.js";

export type Way = "to the server" | "to the client";

const bothWays: readonly Way[] = ["to the server", "to the client"];

/** What is wrong with the line from the beginning. */
export interface Faults {
  /** Each piece is held back for so long, in milliseconds. @default 0 */
  readonly delay?: number;
  /** So many bytes get through in a second, on each connection and each way. @default Infinity */
  readonly rate?: number;
  /** No piece has more bytes, and each arrives before the next is sent. @default Infinity */
  readonly piece?: number;
  /** A connection is reset as soon as so many bytes have arrived. */
  readonly resetAfter?: { readonly bytes: number; readonly way: Way };
}

/** What becomes of bytes that go one way: in a jam they wait, as do those who send; what is swallowed seems to be sent. */
type Traffic = "flows" | "is jammed" | "is swallowed";

/** Bytes are passed on so often within a second where their rate is limited. */
const PIECES_PER_SECOND = 50;

export class FaultyLine {
  readonly #server: Server;
  readonly #target: number;
  readonly #faults: Faults;
  readonly #traffic: Record<Way, Traffic> = { "to the server": "flows", "to the client": "flows" };
  readonly #crossings = new Set<Crossing>();
  #changed = deferred();

  private constructor(target: number, faults: Faults) {
    this.#target = target;
    this.#faults = faults;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#cross(near));
  }

  /** A line to a port, gone when the test ends. */
  static async start(t: TestContext, target: number, faults: Faults = {}): Promise<FaultyLine> {
    const line = new FaultyLine(target, faults);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    t.after(() => line.close());
    return line;
  }

  /** Drops all connections, and takes no new ones. Resolves when all is gone. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const crossing of this.#crossings) crossing.drop();
    this.clear(); // nobody waits on
    await once(this.#server, "close");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on, nothing gets through any more, not even an end or a reset, and nobody notices. */
  swallow(...ways: readonly Way[]): void {
    this.#set("is swallowed", ways);
  }

  /** From now on, everything waits; whoever sends is held up as soon as all buffers are full. */
  jam(...ways: readonly Way[]): void {
    this.#set("is jammed", ways);
  }

  /** Lets everything through again. */
  clear(): void {
    this.#set("flows", bothWays);
  }

  /** Resets all connections, at both ends. */
  reset(): void {
    for (const crossing of this.#crossings) crossing.reset();
  }

  #set(traffic: Traffic, ways: readonly Way[]): void {
    for (const way of ways.length === 0 ? bothWays : ways) this.#traffic[way] = traffic;
    this.#changed.resolve();
    this.#changed = deferred();
  }

  #cross(near: Socket): void {
    const far = connect({ port: this.#target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const passes = async (way: Way): Promise<boolean> => {
      while (this.#traffic[way] === "is jammed") await this.#changed.promise;
      return this.#traffic[way] === "flows";
    };
    const crossing = new Crossing(near, far, this.#faults, passes);
    this.#crossings.add(crossing);
    void crossing.over.then(() => this.#crossings.delete(crossing));
  }
}

/** One connection over the line. */
class Crossing {
  /** Settles when nothing moves any more, either way. */
  readonly over: Promise<unknown>;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #faults: Faults;
  readonly #passes: (way: Way) => Promise<boolean>;

  constructor(near: Socket, far: Socket, faults: Faults, passes: (way: Way) => Promise<boolean>) {
    this.#near = near;
    this.#far = far;
    this.#faults = faults;
    this.#passes = passes;
    for (const socket of [near, far]) socket.on("error", () => undefined); // reading and writing tell
    this.over = Promise.all([
      this.#carry(near, far, "to the server"),
      this.#carry(far, near, "to the client"),
    ]);
  }

  drop(): void {
    this.#near.destroy();
    this.#far.destroy();
  }

  reset(): void {
    reset(this.#near);
    reset(this.#far);
  }

  async #carry(from: Socket, to: Socket, way: Way): Promise<void> {
    try {
      const { resetAfter } = this.#faults;
      let left = resetAfter?.way === way ? resetAfter.bytes : Infinity;
      if (left === 0) return this.reset();
      for await (const chunk of from as AsyncIterable<Buffer>)
        for (let at = 0; at < chunk.length;) {
          const piece = chunk.subarray(at, at + Math.min(left, this.#pieceSize));
          at += piece.length;
          left -= piece.length;
          await this.#deliver(piece, to, way);
          if (left === 0) return this.reset();
        }
      if (await this.#passes(way)) to.end();
    } catch {
      // Whoever reset it: the other end is told.
      if (await this.#passes(way)) reset(to);
    }
  }

  get #pieceSize(): number {
    const { piece = Infinity, rate = Infinity } = this.#faults;
    return Math.max(1, Math.min(piece, Math.floor(rate / PIECES_PER_SECOND)));
  }

  async #deliver(piece: Buffer, to: Socket, way: Way): Promise<void> {
    const { delay = 0, rate = Infinity } = this.#faults;
    const time = delay + (piece.length / rate) * 1000;
    if (time > 0) await wait(time);
    if (!(await this.#passes(way))) return;
    await new Promise((resolve) => to.write(piece, resolve));
    await new Promise(setImmediate); // now it is read, if somebody reads
  }
}

/** Of a socket that is ending already, Node would never close the handle. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
