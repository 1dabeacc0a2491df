/**
 * The frames that were sent to the same sockets in one turn of the event loop. They leave as one buffer, which all of
 * these sockets share.
 */

export class MessageBatch {
  readonly #frames: Buffer[] = [];
  /** What was asked for last: nearly all sockets ask for the same. */
  #joined: Buffer | undefined;
  #joinedFrom = 0;
  #joinedTo = 0;

  /** @returns the place of the frame */
  add(frame: Buffer): number {
    return this.#frames.push(frame) - 1;
  }

  /** The frames from one place to before another, one behind the other. They must not be written to. */
  bytes(from: number, to: number): Buffer {
    const first = this.#frames[from];
    if (first !== undefined && to === from + 1) return first;
    if (this.#joined === undefined || from !== this.#joinedFrom || to !== this.#joinedTo) {
      this.#joined = Buffer.concat(this.#frames.slice(from, to));
      this.#joinedFrom = from;
      this.#joinedTo = to;
    }
    return this.#joined;
  }
}
