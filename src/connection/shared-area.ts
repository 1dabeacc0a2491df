/** Memory with a name that the threads of a process share, and of which slices are sent. */

import { InvalidOptionError, SharedAreaError, describe } from "../errors.js";

const areas = new Map<string, SharedArea>();

const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Memory that the threads of a process share: a thread writes, a handler here sends a slice of it.
 *
 *     const prices = new SharedArea("prices", 4096);
 *     new Worker(file, { workerData: prices.buffer });
 *     sockets.route("/prices", { message: (ws) => ws.sendFromSharedArea("prices", 0, 16) });
 *
 * Names belong to a thread. In another one, `new SharedArea("prices", workerData)` is the same memory. Who writes and who
 * reads at the same time has to agree on it, by `Atomics` or by messages.
 */
export class SharedArea {
  readonly name: string;
  /** To be handed to threads. */
  readonly buffer: SharedArrayBuffer;

  /**
   * @param memory - its size in bytes, or memory that is there already
   * @throws {SharedAreaError} if there is one of that name
   * @throws {InvalidOptionError}
   */
  constructor(name: string, memory: number | SharedArrayBuffer) {
    if (typeof name !== "string") throw new InvalidOptionError("name", "a string", name);
    if (!(memory instanceof SharedArrayBuffer) && !isCount(memory))
      throw new InvalidOptionError("memory", "a size in bytes or a SharedArrayBuffer", memory);
    if (areas.has(name)) {
      throw new SharedAreaError(
        `expected a name for each shared area, but there is one of the name ${name}; close it first`,
      );
    }
    this.name = name;
    this.buffer = typeof memory === "number" ? new SharedArrayBuffer(memory) : memory;
    areas.set(name, this);
  }

  /** @throws {SharedAreaError} if there is none of that name in this thread */
  static named(name: string): SharedArea {
    const area = areas.get(name);
    if (area !== undefined) return area;
    const known = areas.size === 0 ? "there are none" : `there are ${[...areas.keys()].join(", ")}`;
    throw new SharedAreaError(
      `expected the name of a shared area, but got ${describe(name)}, and ${known}; make it with new SharedArea(name, size)`,
    );
  }

  /** In bytes. */
  get size(): number {
    return this.buffer.byteLength;
  }

  /**
   * Writes text as UTF-8, or bytes.
   *
   * @returns the offset behind what was written
   * @throws {SharedAreaError} if it doesn't fit; nothing is written then
   */
  write(offset: number, data: string | Uint8Array): number {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    this.bytes(offset, bytes.length).set(bytes);
    return offset + bytes.length;
  }

  /**
   * A view of the memory itself, which changes with it.
   *
   * @param length - in bytes. @default all that is behind the offset
   * @throws {SharedAreaError} if the area has no such slice
   */
  bytes(offset = 0, length: number = this.size - offset): Uint8Array {
    if (isCount(offset) && isCount(length) && offset + length <= this.size)
      return new Uint8Array(this.buffer, offset, length);
    throw new SharedAreaError(
      `expected a slice within the ${this.size} bytes of the shared area ${this.name}, ` +
        `but got offset ${String(offset)} and length ${String(length)}`,
    );
  }

  /**
   * The text that is there now.
   *
   * @param length - in bytes. @default all that is behind the offset
   * @throws {SharedAreaError} if the area has no such slice, or it is not UTF-8
   */
  text(offset = 0, length?: number): string {
    // First copied, as it must not change while it is read.
    const bytes = new Uint8Array(this.bytes(offset, length));
    try {
      return textDecoder.decode(bytes);
    } catch (cause) {
      const slice = `the ${bytes.length} bytes at ${offset} of the shared area ${this.name} are not`;
      throw new SharedAreaError(`expected text in UTF-8, but ${slice}; send them as binary`, { cause });
    }
  }

  /** Forgets the name, which is free again then. The memory lives as long as somebody has it. */
  close(): void {
    if (areas.get(this.name) === this) areas.delete(this.name);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
