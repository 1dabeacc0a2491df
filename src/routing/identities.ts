/** Whose sockets are whose: all the open sockets of one session or user. */

import { InvalidOptionError } from "../errors.js";
import { Audience, checkClose, type Member } from "../rooms/audience.js";

/** A session or user, by a name that only it has: a session's id, a user's key. */
export type Identity = string | number;

/** How sockets of an identity end when it is closed. */
export interface Revocation {
  readonly code: number;
  readonly reason: string;
  /** When, on the clock of `performance.now()`. */
  readonly at: number;
}

/** The close code for those who are logged out (policy; 4000 to 4999 are the application's, RFC 6455 §7.4.2). */
const LOGGED_OUT = 4401;

/** @returns `undefined` if it is none */
export function identityName(identity: unknown): string | undefined {
  return typeof identity === "string" || Number.isFinite(identity) ? String(identity) : undefined;
}

export class Identities {
  readonly #members = new Map<string, Set<Member>>();
  /** The latest for each, for as long as an upgrade may be under way that began before. */
  readonly #revoked = new Map<string, Revocation>();
  readonly #longestUpgrade: number;

  /** @param longestUpgrade - how long an upgrade may take, in milliseconds */
  constructor(longestUpgrade: number) {
    this.#longestUpgrade = 2 * longestUpgrade + 1_000; // deadlines come late where the process is busy
  }

  add(identity: string, member: Member): void {
    const members = this.#members.get(identity);
    if (members === undefined) this.#members.set(identity, new Set([member]));
    else members.add(member);
  }

  delete(identity: string, member: Member): void {
    const members = this.#members.get(identity);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(identity);
  }

  /** @throws {InvalidOptionError} if it is no identity: nobody would be meant, or somebody else */
  of(identity: Identity): IdentityAudience {
    const name = identityName(identity);
    if (name === undefined) throw new InvalidOptionError("identity", "a string or a number", identity);
    return new IdentityAudience(name, this);
  }

  members(identity: string): Iterable<Member> {
    return this.#members.get(identity) ?? [];
  }

  /** The one that was opened last of those that are still open. */
  latest(identity: string): Member["socket"] | undefined {
    let latest: Member["socket"] | undefined;
    for (const { socket } of this.members(identity)) if (socket.connected) latest = socket;
    return latest;
  }

  /** Ends all sockets of an identity, and those whose upgrade is under way. */
  revoke(identity: string, code: number, reason: string): void {
    const at = performance.now();
    for (const [former, revocation] of this.#revoked) {
      if (revocation.at + this.#longestUpgrade > at) break; // they stand in the order of time
      this.#revoked.delete(former);
    }
    this.#revoked.delete(identity);
    this.#revoked.set(identity, { code, reason, at });
    for (const member of this.members(identity)) member.dismiss(code, reason);
  }

  /** Whether an identity was closed after an upgrade had begun, whose session was loaded before, perhaps. */
  revokedSince(identity: string, began: number): Revocation | undefined {
    const revocation = this.#revoked.get(identity);
    return revocation !== undefined && revocation.at >= began ? revocation : undefined;
  }
}

/** The open sockets of one session or user. */
export class IdentityAudience extends Audience {
  readonly #identity: string;
  readonly #identities: Identities;

  /** Made by `sockets.of`. */
  constructor(identity: string, identities: Identities) {
    super();
    this.#identity = identity;
    this.#identities = identities;
  }

  protected override members(): Iterable<Member> {
    return this.#identities.members(this.#identity);
  }

  /**
   * Ends all sockets of the identity, as at its log-out, also those whose upgrade is still under way. Nothing that they
   * have sent and that their handlers have not seen yet is handed on.
   *
   * @param code - 1000 to 1003, 1007 to 1014 or 3000 to 4999. @default 4401
   * @param reason - at most 123 bytes of UTF-8. @default "logged out"
   * @throws {InvalidCloseError} if the code or the reason may not be sent
   */
  override close(code: number = LOGGED_OUT, reason = "logged out"): void {
    checkClose(code, reason);
    this.#identities.revoke(this.#identity, code, reason);
  }
}
