/** The sockets, of whatever route, that have joined under one name. */

import type { OverflowCounts, OverflowPolicy } from "../connection/overflow.js";
import { GroupAudience, type Groups } from "./groups.js";

const NONE: OverflowCounts = { dropped: 0, closed: 0 };

/** The sockets that have joined a room by `ws.join`. Their membership ends with their connection. */
export class Room extends GroupAudience {
  readonly #policyOf: (name: string) => OverflowPolicy | undefined;

  /** Made by `sockets.room`. */
  constructor(name: string, groups: Groups, policyOf: (name: string) => OverflowPolicy | undefined) {
    super(name, groups);
    this.#policyOf = policyOf;
  }

  protected override get policy(): OverflowPolicy | undefined {
    return this.#policyOf(this.name);
  }

  /**
   * How often its members were too slow for its messages, in this process: where the room has an option `overflow` of its
   * own. Otherwise their routes count.
   */
  get overflowed(): OverflowCounts {
    return this.policy?.counts ?? NONE;
  }
}
