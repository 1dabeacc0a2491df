/**
 * The outgoing half of a connection: frames are written one behind the other into a slab, and leave in one write per
 * turn. While the operating system does not take more, they wait here, not in the stream, where each would be an
 * object and a buffer of its own.
 */

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { MessageBatch } from "../connection/message-batch.js";
import type { PreparedMessage } from "../connection/prepared-message.js";
import { bytesFrameRoom, textFrameRoom, writeBytesFrame, writeTextFrame } from "../protocol/frame-writer.js";
import type { Role } from "../protocol/opcode.js";
import { flushSoon, type Flushable } from "./flush-queue.js";
import { maskKey } from "./mask-keys.js";
import { frameOfRepeated } from "./repeated-text.js";
import { giveSlab, LARGEST_SLAB, takeSlab } from "./slabs.js";
import { hasQueue, untakenBytes, unwrittenBytes, writeTo, type WriteWaiter } from "./socket-writing.js";

/** So much is given to the operating system at a time, so that one can see whether a slow peer still reads. */
const WRITE_SIZE = 262_144;

/** The same for a stream that isn't the operating system's: it tells only when all of a piece is gone. */
const SMALLEST_WRITE_SIZE = 16_384;

/** From so many bytes on, waiting for the end of the turn gains nothing. */
const FLUSH_SIZE = 65_536;

const NOTHING: Buffer = Buffer.alloc(0);

/** Shared frames up to this size are copied to what stands before them; of larger ones, the copy would cost more. */
const COPIED_SIZE = 4_096;

/** For all outputs that never had to wait, which are most. */
const NONE: Buffer[] = [];

/** What is told of the output. */
export interface FrameOutputOwner {
  /** The operating system took something that it had not taken at once. */
  progressed(): void;
  /** All that was written has gone out. */
  drained(): void;
  /** Nothing can be written any more. */
  unwritable(): void;
}

/** Whether it takes more, is to end once all has gone out, or is lost: then it takes everything and writes nothing. */
type State = "open" | "ending" | "lost";

export class FrameOutput implements Flushable, WriteWaiter {
  readonly #socket: Duplex;
  readonly #owner: FrameOutputOwner;
  readonly #isMasked: boolean;
  /** The buffer being filled: a slab, unless a single frame needed more. */
  #open = NOTHING;
  #used = 0;
  /** Buffers that are to be written before it. Only a peer that is slow has any. */
  #full: Buffer[] = NONE;
  /** Frames that others send too, instead of all of that: as long as nothing else is to be written. */
  #batch: MessageBatch | undefined;
  #batchFrom = 0;
  #batchTo = 0;
  #size = 0;
  /** Whether the stream still holds something of ours, because the operating system did not take it at once. */
  #blocked = false;
  /** Whether it is the peer who keeps it back: TLS is blocked for a moment by each write, though all of it went out. */
  #waits = false;
  #scheduled = false;
  #corked = false;
  #state: State = "open";

  /** @param role - clients mask what they send (RFC 6455 §5.3) */
  constructor(socket: Duplex, owner: FrameOutputOwner, role: Role) {
    this.#socket = socket;
    this.#owner = owner;
    this.#isMasked = role === "client";
  }

  /** Bytes that were not yet taken by the operating system. */
  get bufferedAmount(): number {
    return this.#blocked ? this.#size + unwrittenBytes(this.#socket) : this.#size;
  }

  /** Bytes that the operating system was given and the peer has not taken, as far as that can be known. */
  get untakenAmount(): number {
    return untakenBytes(this.#socket);
  }

  /** Whether the operating system does not take more for now, because the peer does not. */
  get isBlocked(): boolean {
    return this.#waits;
  }

  writeText(first: number, text: string): void {
    const repeated = this.#isMasked ? undefined : frameOfRepeated(first, text);
    if (repeated !== undefined) return this.writeFrame(repeated);
    this.#makeRoom(textFrameRoom(text));
    this.#advance(writeTextFrame(this.#open, this.#used, first, text, this.#nextMask()));
  }

  writeBytes(first: number, payload: Uint8Array): void {
    this.#makeRoom(bytesFrameRoom(payload.length));
    this.#advance(writeBytesFrame(this.#open, this.#used, first, payload, this.#nextMask()));
  }

  #nextMask(): number | undefined {
    return this.#isMasked ? maskKey() : undefined;
  }

  /**
   * Writes a frame that others send too: they share the memory, where nothing of their own comes between. Not for clients,
   * who mask each frame with a key of its own.
   */
  writePrepared({ batch, index, frame }: PreparedMessage): void {
    if (batch === undefined || !this.#continues(batch, index)) return this.writeFrame(frame);
    if (this.#batch === undefined) this.#batchFrom = index;
    this.#batch = batch;
    this.#batchTo = index + 1;
    this.#grow(frame.length);
  }

  #continues(batch: MessageBatch, index: number): boolean {
    if (this.#batch === undefined) return this.#size === 0 && !this.#blocked;
    return batch === this.#batch && index === this.#batchTo;
  }

  /** @param frame - whole frames that nobody changes any more */
  writeFrame(frame: Buffer): void {
    if (frame.length > COPIED_SIZE) return this.#share(frame);
    this.#makeRoom(frame.length);
    this.#open.set(frame, this.#used);
    this.#advance(this.#used + frame.length);
  }

  #share(frame: Buffer): void {
    this.#endBatch();
    this.#sealOpen();
    this.#keep(frame);
    this.#grow(frame.length);
  }

  /** Something of its own is to come behind the batch. */
  #endBatch(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    const frames = batch.bytes(this.#batchFrom, this.#batchTo);
    this.#batch = undefined;
    this.#size -= frames.length;
    this.writeFrame(frames);
  }

  /** Writes nothing before `uncork`, which then does so at once: for those who answer while they read. */
  cork(): void {
    this.#corked = true;
  }

  uncork(): void {
    this.#corked = false;
    this.#writeAll();
  }

  /** Ends the stream after all that was written. */
  end(): void {
    if (this.#state === "lost") this.#socket.destroy();
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#writeAll();
    if (!this.#blocked) this.#socket.end();
  }

  /** Drops what waits, and everything that is written from now on: the connection is lost. */
  discard(): void {
    this.#state = "lost";
    this.#full = NONE;
    this.#batch = undefined;
    this.#open = NOTHING;
    this.#used = this.#size = 0;
    this.#blocked = this.#waits = false;
  }

  failed(): void {
    if (this.#state === "ending") this.#socket.destroy();
    this.discard();
    this.#owner.unwritable();
  }

  flush(): void {
    this.#scheduled = false;
    this.#writeAll();
  }

  #advance(used: number): void {
    const bytes = used - this.#used;
    this.#used = used;
    this.#grow(bytes);
  }

  #grow(bytes: number): void {
    this.#size += bytes;
    if (this.#blocked || this.#corked) return;
    if (this.#size >= FLUSH_SIZE) {
      this.#writeAll();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      flushSoon(this);
    }
  }

  #makeRoom(room: number): void {
    if (this.#batch !== undefined) this.#endBatch();
    if (this.#used + room <= this.#open.length) return;
    // Nobody is told of a drain: what they send then would overtake the frame that needs the room.
    if (this.#used + room > LARGEST_SLAB) this.#writeOut();
    if (this.#used + room <= LARGEST_SLAB) this.#exchangeSlab(this.#used + room);
    else this.#openAnother(room);
  }

  #exchangeSlab(size: number): void {
    const slab = takeSlab(size);
    this.#open.copy(slab, 0, 0, this.#used);
    giveSlab(this.#open);
    this.#open = slab;
  }

  #openAnother(room: number): void {
    this.#sealOpen();
    this.#open = room <= LARGEST_SLAB ? takeSlab(room) : Buffer.allocUnsafeSlow(room);
  }

  /** What is written next, comes into another buffer. */
  #sealOpen(): void {
    if (this.#used > 0) this.#keep(this.#open.subarray(0, this.#used));
    else giveSlab(this.#open);
    this.#open = NOTHING;
    this.#used = 0;
  }

  #keep(bytes: Buffer): void {
    if (this.#full === NONE) this.#full = [];
    this.#full.push(bytes);
  }

  #writeAll(): void {
    if (this.#size === 0) return;
    this.#writeOut();
    if (!this.#blocked && this.#state !== "lost") this.#owner.drained();
  }

  #writeOut(): void {
    if (this.#batch !== undefined) this.#writeBatch(this.#batch);
    while (!this.#blocked && this.#full.length > 0) this.#write(this.#full.shift() as Buffer);
    if (!this.#blocked && this.#used > 0) this.#writeOpen();
  }

  /** It is there alone, and only as long as the stream takes more. */
  #writeBatch(batch: MessageBatch): void {
    this.#batch = undefined;
    this.#write(batch.bytes(this.#batchFrom, this.#batchTo));
  }

  #writeOpen(): void {
    const filled = this.#open;
    const bytes = filled.subarray(0, this.#used);
    this.#open = NOTHING;
    this.#used = 0;
    this.#write(bytes);
    // Else the stream owns the slab now, and then nobody does.
    if (!this.#blocked) giveSlab(filled);
  }

  #write(bytes: Buffer): void {
    const socket = this.#socket;
    if (this.#state === "lost") this.#size -= bytes.length;
    for (let at = 0; at < bytes.length && !this.#blocked && this.#state !== "lost";) {
      const size = bytes.length <= SMALLEST_WRITE_SIZE ? bytes.length : writeSize(socket);
      const piece = bytes.length <= size ? bytes : bytes.subarray(at, at + size);
      at += piece.length;
      this.#size -= piece.length;
      if (writeTo(socket, piece, this)) continue;
      this.#blocked = true;
      this.#waits = hasQueue(socket);
      if (at < bytes.length) this.#full = [bytes.subarray(at), ...this.#full];
    }
  }

  /** What had to wait was taken. */
  written(): void {
    const waited = this.#waits;
    this.#blocked = this.#waits = false;
    if (!this.#socket.writable) return;
    if (waited) this.#owner.progressed();
    if (this.#size > 0) this.#writeAll();
    else this.#owner.drained();
    if (this.#state === "ending" && !this.#blocked) this.#socket.end();
  }
}

/** As much as the stream finds too much, so that it is seen to wait. */
function writeSize(socket: Duplex): number {
  if (socket instanceof Socket) return WRITE_SIZE;
  return Math.max(SMALLEST_WRITE_SIZE, socket.writableHighWaterMark);
}
