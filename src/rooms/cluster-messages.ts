/** What the links of worker processes and the hub in their parent tell each other. */

/** What a worker tells: what one of its links wants. An order with an id is answered when it is done. */
export type Order =
  /** The probe shows whether bytes arrive as bytes. */
  | readonly [type: "open", link: number, id: number, probe: Uint8Array]
  | readonly [type: "subscribe" | "unsubscribe", link: number, id: number, channel: string]
  | readonly [type: "ping", link: number, id: number]
  | readonly [type: "publish", link: number, channel: string, payload: Uint8Array]
  | readonly [type: "close", link: number];

/** What the hub tells. */
export type News =
  | readonly [type: "done", link: number, id: number]
  | readonly [type: "received", links: readonly number[], channel: string, payload: Uint8Array]
  /** The link is over. */
  | readonly [type: "cut", link: number, reason: string];
