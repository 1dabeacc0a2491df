/** Whose sockets are whose: all the open sockets of one session or user. */

import { now } from "../base/timers.js";
import { InvalidOptionError } from "../errors.js";
import type { Member } from "../rooms/audience.js";
import { GroupAudience, Groups } from "../rooms/groups.js";
import type { Parcel } from "../rooms/parcel.js";
import type { Relay } from "../rooms/relay.js";
import { REVOCATIONS } from "./channels.js";

/** A session or user, by a name that only it has: a session's id, a user's key. */
export type Identity = string | number;

/** How sockets of an identity end when it is closed. */
export interface Revocation {
  readonly code: number;
  readonly reason: string;
  /** When, on the clock of `now`. */
  readonly at: number;
}

/** The close code for those who are logged out (policy; 4000 to 4999 are the application's, RFC 6455 §7.4.2). */
const LOGGED_OUT = 4401;

/** @returns `undefined` if it is none */
export function identityName(identity: unknown): string | undefined {
  return typeof identity === "string" || Number.isFinite(identity) ? String(identity) : undefined;
}

export class Identities {
  readonly #groups: Groups;
  readonly #relay: Relay;
  /** The latest for each, for as long as an upgrade may be under way that began before. */
  readonly #revoked = new Map<string, Revocation>();
  readonly #longestUpgrade: number;
  readonly #clock: () => number;

  /**
   * @param longestUpgrade - how long an upgrade may take, in milliseconds
   * @param clock - in milliseconds, too
   */
  constructor(longestUpgrade: number, relay: Relay, clock: () => number = now) {
    this.#clock = clock;
    this.#relay = relay;
    this.#groups = new Groups("identity", relay, (name) => this.of(name));
    this.#longestUpgrade = 2 * longestUpgrade + 1_000; // deadlines come late where the process is busy
  }

  /** Ends here, too, whom other processes end: for those that have sockets. */
  listen(): void {
    void this.#relay.subscribe(REVOCATIONS, {
      receive: ({ key, close }) => {
        if (key !== undefined && close !== undefined) this.revoke(key, close.code, close.reason);
      },
      sizeFor: () => 0,
    });
  }

  add(identity: string, member: Member): void {
    void this.#groups.join(identity, member);
  }

  delete(identity: string, member: Member): void {
    this.#groups.leave(identity, member);
  }

  members(identity: string): Iterable<Member> {
    return this.#groups.members(identity);
  }

  /** @throws {InvalidOptionError} if it is no identity: nobody would be meant, or somebody else */
  of(identity: Identity): IdentityAudience {
    const name = identityName(identity);
    if (name === undefined) throw new InvalidOptionError("identity", "a string or a number", identity);
    return new IdentityAudience(name, this.#groups, this);
  }

  /** The one that was opened last of those that are still open. */
  latest(identity: string): Member["socket"] | undefined {
    let latest: Member["socket"] | undefined;
    for (const { socket } of this.members(identity)) if (socket.connected) latest = socket;
    return latest;
  }

  /** Ends all sockets of an identity, and those whose upgrade is under way. */
  revoke(identity: string, code: number, reason: string): void {
    const at = this.#clock();
    for (const [former, revocation] of this.#revoked) {
      if (revocation.at + this.#longestUpgrade > at) break; // they stand in the order of time
      this.#revoked.delete(former);
    }
    this.#revoked.delete(identity);
    this.#revoked.set(identity, { code, reason, at });
    for (const member of this.members(identity)) member.dismiss(code, reason);
  }

  /** Tells other processes: all of them, as an upgrade may be under way where the identity has no socket yet. */
  shareRevocation(identity: string, close: Parcel["close"]): Promise<void> {
    return this.#relay.publish(REVOCATIONS, { key: identity, close });
  }

  /** Whether an identity was closed after an upgrade had begun, whose session was loaded before, perhaps. */
  revokedSince(identity: string, began: number): Revocation | undefined {
    const revocation = this.#revoked.get(identity);
    return revocation !== undefined && revocation.at >= began ? revocation : undefined;
  }
}

/** The open sockets of one session or user. */
export class IdentityAudience extends GroupAudience {
  readonly #identities: Identities;

  /** Made by `sockets.of`. */
  constructor(name: string, groups: Groups, identities: Identities) {
    super(name, groups);
    this.#identities = identities;
  }

  /**
   * Ends all sockets of the identity, as at its log-out, also those whose upgrade is still under way. Nothing that they
   * have sent and that their handlers have not seen yet is handed on.
   *
   * @param code - 1000 to 1003, 1007 to 1014 or 3000 to 4999. @default 4401
   * @param reason - at most 123 bytes of UTF-8. @default "logged out"
   * @returns a promise that need not be awaited: it settles when the broker has taken it, if there is one
   * @throws {InvalidCloseError} at once, if the code or the reason may not be sent
   */
  override close(code: number = LOGGED_OUT, reason = "logged out"): Promise<void> {
    return super.close(code, reason);
  }

  protected override end(code: number, reason: string): void {
    this.#identities.revoke(this.name, code, reason);
  }

  protected override share(parcel: Parcel): Promise<void> {
    if (parcel.close === undefined) return super.share(parcel);
    return this.#identities.shareRevocation(this.name, parcel.close);
  }
}
