/**
 * The ends of what peers have sent, for all connections together within one budget. A tail grows from slot to slot, each
 * twice as large, up to the window that it stands for; the slots lie in pages of one size, so that a small tail costs what it
 * holds and no object of Node's. When the budget is used up, the page whose tails were needed longest ago is given to others.
 */

import { Buffer } from "node:buffer";

/** What a page holds: one tail of the largest window, or many short ones. */
export const PAGE_SIZE = 32_768;

/** The slot of a tail that has just begun, and the whole of one for a window of 8 or 9 bits. */
const SMALLEST_SLOT = 512;

class Page {
  readonly store: TailStore;
  readonly bytes: Buffer;
  readonly slotSize: number;
  /** Whose each slot is. */
  readonly tails: (Tail | undefined)[];
  /** How many slots are taken. */
  taken = 0;
  /** When one of its tails was last needed, by the store's clock. */
  lastUse = 0;

  constructor(store: TailStore, bytes: Buffer, slotSize: number) {
    this.store = store;
    this.bytes = bytes;
    this.slotSize = slotSize;
    this.tails = Array.from({ length: PAGE_SIZE / slotSize }, () => undefined);
  }

  get isFull(): boolean {
    return this.taken === this.tails.length;
  }
}

export class TailStore {
  readonly #maxPages: number;
  readonly #pages = new Set<Page>();
  /** The pages with free slots, by the size of these. */
  readonly #roomy = new Map<number, Set<Page>>();
  #clock = 0;

  /** @param budget - the most bytes that are kept, a multiple of {@link PAGE_SIZE} */
  constructor(budget: number) {
    this.#maxPages = budget / PAGE_SIZE;
  }

  /** How many bytes are set aside for tails. */
  get size(): number {
    return this.#pages.size * PAGE_SIZE;
  }

  /** Lends a slot of this size, for which others may lose theirs. @internal */
  take(tail: Tail, slotSize: number): Page {
    const [page = this.#newPage(slotSize)] = this.#roomyOf(slotSize);
    page.tails[page.tails.indexOf(undefined)] = tail;
    page.taken++;
    if (page.isFull) this.#roomyOf(slotSize).delete(page);
    this.touch(page);
    return page;
  }

  /** @internal */
  touch(page: Page): void {
    page.lastUse = ++this.#clock;
  }

  /** Takes a slot back. @internal */
  giveBack(page: Page, slot: number): void {
    const roomy = this.#roomyOf(page.slotSize);
    page.tails[slot] = undefined;
    page.taken--;
    roomy.add(page);
    // One that is empty stays for the next tail; more would hold memory for nothing.
    if (page.taken === 0 && roomy.size > 1) this.#remove(page);
  }

  #newPage(slotSize: number): Page {
    const isFull = this.#pages.size >= this.#maxPages;
    const page = new Page(this, isFull ? this.#evictOldest() : Buffer.allocUnsafeSlow(PAGE_SIZE), slotSize);
    this.#pages.add(page);
    this.#roomyOf(slotSize).add(page);
    return page;
  }

  #evictOldest(): Buffer {
    let oldest: Page | undefined;
    for (const page of this.#pages) if (oldest === undefined || page.lastUse < oldest.lastUse) oldest = page;
    if (oldest === undefined) return Buffer.allocUnsafeSlow(PAGE_SIZE);
    for (const tail of oldest.tails) tail?.lost();
    this.#remove(oldest);
    return oldest.bytes;
  }

  #remove(page: Page): void {
    this.#pages.delete(page);
    this.#roomyOf(page.slotSize).delete(page);
  }

  #roomyOf(slotSize: number): Set<Page> {
    let roomy = this.#roomy.get(slotSize);
    if (roomy === undefined) this.#roomy.set(slotSize, (roomy = new Set()));
    return roomy;
  }
}

/** Where parts that don't lie one behind the other are joined. */
const joined = Buffer.allocUnsafeSlow(PAGE_SIZE);

/**
 * The last bytes of all that one peer has sent, up to its window. It is a ring, once its slot is as large as the window.
 * If it is lost to others, it begins anew: what it holds is always what came last, without a gap.
 */
export class Tail {
  readonly #limit: number;
  #page: Page | undefined;
  #slot = 0;
  #start = 0;
  #length = 0;

  /** @param windowBits - 8 to 15 */
  constructor(windowBits: number) {
    this.#limit = Math.max(SMALLEST_SLOT, 2 ** windowBits);
  }

  get length(): number {
    return this.#length;
  }

  /** @param store - where it is kept from now on, if it was elsewhere before */
  append(bytes: Buffer, store: TailStore): void {
    const kept = bytes.length > this.#limit ? bytes.subarray(-this.#limit) : bytes;
    if (kept.length === 0) return;
    const page = this.#pageFor(Math.min(this.#length + kept.length, this.#limit), store);
    const { slotSize } = page;
    const base = this.#slot * slotSize;
    const at = (this.#start + this.#length) % slotSize;
    const first = kept.copy(page.bytes, base + at, 0, slotSize - at);
    kept.copy(page.bytes, base, first);
    const excess = Math.max(0, this.#length + kept.length - slotSize);
    this.#start = (this.#start + excess) % slotSize;
    this.#length += kept.length - excess;
    store.touch(page);
  }

  /** The page of a slot that has room for so many bytes, which may be another one than before. */
  #pageFor(size: number, store: TailStore): Page {
    const before = this.#page;
    if (before?.store === store && before.slotSize >= size) return before;
    const slotBefore = this.#slot;
    // Room for itself is the last thing that it should be lost to.
    before?.store.touch(before);
    const page = store.take(this, slotSizeFor(size));
    const slot = page.tails.indexOf(this);
    if (this.#page !== undefined && before !== undefined) {
      this.last(this.#length).copy(page.bytes, slot * page.slotSize);
      before.store.giveBack(before, slotBefore);
    }
    this.#page = page;
    this.#slot = slot;
    this.#start = 0;
    return page;
  }

  /** The last `count` bytes, as long as nothing else is done here. @param count - at most its length */
  last(count: number): Buffer {
    const page = this.#page;
    if (page === undefined || count === 0) return joined.subarray(0, 0);
    const { bytes, slotSize, store } = page;
    store.touch(page);
    const base = this.#slot * slotSize;
    const at = (this.#start + this.#length - count) % slotSize;
    if (at + count <= slotSize) return bytes.subarray(base + at, base + at + count);
    const first = bytes.copy(joined, 0, base + at, base + slotSize);
    bytes.copy(joined, first, base, base + count - first);
    return joined.subarray(0, count);
  }

  /** Gives its bytes up. */
  release(): void {
    const page = this.#page;
    this.lost();
    page?.store.giveBack(page, this.#slot);
  }

  /** Others got its bytes. @internal */
  lost(): void {
    this.#page = undefined;
    this.#start = 0;
    this.#length = 0;
  }
}

function slotSizeFor(size: number): number {
  return Math.max(SMALLEST_SLOT, 2 ** (32 - Math.clz32(size - 1)));
}
