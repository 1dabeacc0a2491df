/** Sockets under names: rooms, identities. A name is there as long as it has members in this process. */

import { SETTLED } from "../connection/promises.js";
import { Audience, type Member } from "./audience.js";
import type { Parcel } from "./parcel.js";
import { Preparer } from "./preparer.js";
import type { Receiver, Relay } from "./relay.js";

interface Group {
  readonly members: Set<Member>;
  readonly preparer: Preparer;
  /** Settles when other processes' messages for the group come here. */
  readonly ready: Promise<void>;
}

const NOBODY: readonly Member[] = [];

export class Groups {
  readonly #kind: string;
  readonly #relay: Relay;
  readonly #receiverOf: (name: string) => Receiver;
  readonly #groups = new Map<string, Group>();

  /**
   * @param kind - what they are, to tell them from those of another kind with the same name
   * @param receiverOf - gives who does for a group what another process has told
   */
  constructor(kind: string, relay: Relay, receiverOf: (name: string) => Receiver) {
    this.#kind = kind;
    this.#relay = relay;
    this.#receiverOf = receiverOf;
  }

  members(name: string): Iterable<Member> {
    return this.#groups.get(name)?.members ?? NOBODY;
  }

  /** @returns a promise that settles when what other processes send to the group comes here too */
  join(name: string, member: Member): Promise<void> {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { members: new Set(), preparer: new Preparer(), ready: this.#subscribe(name) };
      this.#groups.set(name, group);
    }
    group.members.add(member);
    return group.ready;
  }

  #subscribe(name: string): Promise<void> {
    if (!this.#relay.isConnected) return SETTLED;
    return this.#relay.subscribe(this.#channel(name), this.#receiverOf(name));
  }

  leave(name: string, member: Member): void {
    const group = this.#groups.get(name);
    if (group === undefined || !group.members.delete(member) || group.members.size > 0) return;
    this.#groups.delete(name);
    this.#relay.unsubscribe(this.#channel(name));
  }

  /** Tells other processes. */
  share(name: string, parcel: Parcel): Promise<void> {
    return this.#relay.publish(this.#channel(name), parcel);
  }

  /** How many sockets the group has in other processes. */
  countElsewhere(name: string): Promise<number> {
    return this.#relay.countElsewhere(this.#channel(name));
  }

  preparer(name: string): Preparer | undefined {
    return this.#groups.get(name)?.preparer;
  }

  #channel(name: string): string {
    return `${this.#kind}:${name}`;
  }
}

/** The members of one group, by its name: whoever they are when it is spoken to. */
export abstract class GroupAudience extends Audience {
  /** The name of the group. */
  readonly name: string;
  readonly #groups: Groups;

  constructor(name: string, groups: Groups) {
    super();
    this.name = name;
    this.#groups = groups;
  }

  protected override members(): Iterable<Member> {
    return this.#groups.members(this.name);
  }

  protected override share(parcel: Parcel): Promise<void> {
    return this.#groups.share(this.name, parcel);
  }

  protected override countElsewhere(): Promise<number> {
    return this.#groups.countElsewhere(this.name);
  }

  /** That of the group, so that audiences made anew each time share it. @internal */
  override get preparer(): Preparer {
    return this.#groups.preparer(this.name) ?? super.preparer;
  }
}
