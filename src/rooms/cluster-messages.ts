/** What the links of worker processes and the hub in their parent tell each other. */

/** What a worker tells: what one of its links wants. An order with an id is answered when it is done. */
export type Order =
  /** The probe shows whether bytes arrive as bytes. */
  | readonly [type: "open", link: number, id: number, probe: Uint8Array]
  | readonly [type: "subscribe" | "unsubscribe", link: number, id: number, channel: string]
  | readonly [type: "ping", link: number, id: number]
  | readonly [type: "publish", link: number, channel: string, payload: Uint8Array]
  | readonly [type: "close", link: number];

/** Whether it is one: the hub must outlive workers of another version, and whatever else comes under our name. */
export function isOrder(item: readonly unknown[]): item is Order {
  const [type, link, third, fourth] = item;
  if (typeof link !== "number") return false;
  switch (type) {
    case "open": // with whatever has become of the probe
    case "ping":
      return typeof third === "number";
    case "subscribe":
    case "unsubscribe":
      return typeof third === "number" && typeof fourth === "string";
    case "publish":
      return typeof third === "string" && fourth instanceof Uint8Array;
    default:
      return type === "close";
  }
}

/** What the hub tells. */
export type News =
  | readonly [type: "done", link: number, id: number]
  | readonly [type: "received", links: readonly number[], channel: string, payload: Uint8Array]
  /** The link is over. */
  | readonly [type: "cut", link: number, reason: string];
