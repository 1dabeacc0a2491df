/**
 * JSON as apps send it: names that come again and again, values that differ. It compresses as such messages do.
 */

const customers = ["Ada Lovelace", "Charles Babbage", "Mary Somerville", "Michael Faraday"];
const units = ["piece", "metre", "litre", "dozen"];

/** @returns an order in JSON of exactly `size` bytes. @param id - no two messages with different ones are alike */
export function jsonOf(size: number, id: string): Buffer {
  const next = numbersFrom(id);
  const order = {
    event: "order.changed",
    id,
    customer: customers[next(customers.length)],
    items: [] as object[],
    note: "",
  };
  while (lengthOf(order) < size - 100) order.items.push(itemOf(next));
  const rest = size - lengthOf(order);
  if (rest < 0) throw new RangeError(`expected a size of some 200 bytes or more, not ${size}`);
  return Buffer.from(JSON.stringify({ ...order, note: noteOf(rest, next) }));
}

function itemOf(next: (below: number) => number): object {
  return {
    sku: `${next(90) + 10}-${next(9000) + 1000}`,
    quantity: next(20) + 1,
    unit: units[next(units.length)],
    price: (next(10_000) + 1000) / 100,
  };
}

function noteOf(length: number, next: (below: number) => number): string {
  return Array.from({ length }, () => String.fromCharCode(97 + next(26))).join("");
}

function lengthOf(value: object): number {
  return JSON.stringify(value).length;
}

/** Numbers that look random and are the same in each run (a linear congruential generator, seeded by FNV-1a). */
function numbersFrom(seed: string): (below: number) => number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(seed)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
