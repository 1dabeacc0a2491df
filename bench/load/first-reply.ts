/**
 * Proves that a server answers with the right bytes, once per connection, before the bytes are only counted.
 */

export class FirstReply {
  #rest: Buffer;

  constructor(expected: Buffer) {
    this.#rest = expected;
  }

  /** Whether there is nothing left to compare. */
  get seen(): boolean {
    return this.#rest.length === 0;
  }

  /** @throws if the bytes are not those that were to come */
  check(bytes: Buffer): void {
    const length = Math.min(bytes.length, this.#rest.length);
    if (bytes.compare(this.#rest, 0, length, 0, length) !== 0) {
      const came = bytes.subarray(0, Math.min(length, 16)).toString("hex");
      const expected = this.#rest.subarray(0, Math.min(length, 16)).toString("hex");
      throw new Error(`the first reply differs: expected ${expected}…, came ${came}…`);
    }
    this.#rest = this.#rest.subarray(length);
  }
}
