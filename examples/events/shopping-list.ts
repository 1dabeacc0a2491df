/** A shopping list: what may be asked of it, as schemas, and what is on it. */
import { z } from "zod";

/** What comes with the event `add`. */
export const NewEntry = z.object({
  item: z.string().trim().min(1, "What do you need?").max(60, "This is too long for a list."),
  amount: z.int("How many, as a whole number?").min(1, "At least one.").max(99, "At most 99."),
});

/** What comes with the event `remove`. */
export const EntryId = z.object({ id: z.int() });

export interface Entry extends z.infer<typeof NewEntry> {
  readonly id: number;
}

const maxEntries = 100;

export class ShoppingList {
  #entries: readonly Entry[] = [];
  #lastId = 0;

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Adds an entry; on a full list it takes the place of the oldest one. */
  add({ item, amount }: z.infer<typeof NewEntry>): Entry {
    const entry = { id: ++this.#lastId, item, amount };
    this.#entries = [...this.#entries, entry].slice(-maxEntries);
    return entry;
  }

  /** @returns whether it was there */
  remove(id: number): boolean {
    const former = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    return this.#entries.length < former;
  }
}
