/** Random numbers that a seed repeats: sfc32, small and fast. */
export class Random {
  #a: number;
  #b = 0x9e3779b9 | 0;
  #c = 0x85ebca6b | 0;
  #counter = 1;

  /** @param seed - any number; what matters of it are the lowest 32 bits */
  constructor(seed: number) {
    this.#a = seed | 0;
    for (let round = 0; round < 12; round++) this.int();
  }

  /** Any 32-bit integer. */
  int(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }

  /** A whole number from 0 up to, but not, `limit`. */
  below(limit: number): number {
    return (this.int() >>> 0) % limit;
  }

  /** True once in `times`, on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** Mostly a small number below `limit`, sometimes any. */
  size(limit: number): number {
    return this.below(1 + this.below(1 + this.below(limit)));
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    for (let at = 0; at < size; at++) bytes[at] = this.int();
    return bytes;
  }
}
