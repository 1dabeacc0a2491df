/** The rooms of an app: who is in which, and what holds for each. */

import { overflowModes, OverflowPolicy, type OverflowMode } from "../connection/overflow.js";
import { InvalidOptionError, InvalidRoomError, describe } from "../errors.js";
import type { Member } from "./audience.js";
import { Groups } from "./groups.js";
import type { Relay } from "./relay.js";
import { Room } from "./room.js";

/** What can be set for a room. */
export interface RoomOptions {
  /**
   * What is done when more than `maxBufferedAmount` waits for a client that reads too slowly. @default what the route of
   * each socket says
   */
  readonly overflow?: OverflowMode | undefined;
}

/** The longest name, in units of UTF-16. */
const LONGEST_NAME = 256;

export class Rooms {
  readonly #groups: Groups;
  /** Of those rooms that were given one, whoever is there. */
  readonly #policies = new Map<string, OverflowPolicy>();
  readonly #policyOf = (name: string): OverflowPolicy | undefined => this.#policies.get(name);

  constructor(relay: Relay) {
    this.#groups = new Groups("room", relay, (name) => this.room(name));
  }

  /**
   * @throws {InvalidRoomError} if the name is none
   * @throws {InvalidOptionError}
   */
  room(name: string, { overflow, ...unknown }: RoomOptions = {}): Room {
    checkName(name);
    for (const [option, value] of Object.entries(unknown))
      throw new InvalidOptionError(option, "the option overflow", value);
    if (overflow !== undefined) this.#setPolicy(name, overflow);
    return new Room(name, this.#groups, this.#policyOf);
  }

  #setPolicy(name: string, mode: OverflowMode): void {
    if (!overflowModes.includes(mode))
      throw new InvalidOptionError("overflow", `one of ${overflowModes.join(", ")}`, mode);
    if (this.#policies.get(name)?.mode !== mode) this.#policies.set(name, new OverflowPolicy(mode));
  }

  /**
   * @returns a promise that settles when what other processes send to the room comes here too
   * @throws {InvalidRoomError} if the name is none
   */
  join(name: string, member: Member): Promise<void> {
    checkName(name);
    return this.#groups.join(name, member);
  }

  leave(name: string, member: Member): void {
    this.#groups.leave(name, member);
  }
}

/** @throws {InvalidRoomError} */
function checkName(name: unknown): void {
  if (typeof name === "string" && name !== "" && name.length <= LONGEST_NAME) return;
  throw new InvalidRoomError(
    `expected the name of a room, a string of 1 to ${LONGEST_NAME} characters, but got ${describe(name)}`,
  );
}
