/** Those sockets of a route whose variables of the path have certain values. */

import type { Socket } from "../connection/socket.js";
import { Audience, type Member } from "../rooms/audience.js";
import type { Parcel } from "../rooms/parcel.js";
import type { Preparer } from "../rooms/preparer.js";
import type { AnyParams } from "./path-params.js";

/** What it needs of its route. */
export interface WideAudience<Params, Request> {
  readonly members: Iterable<Member<Params, Request>>;
  readonly preparer: Preparer;
  share(parcel: Parcel): Promise<void>;
  countElsewhere(params: Parcel["params"]): Promise<number>;
}

export class NarrowedRoute<Params, Request> extends Audience<Params, Request> {
  readonly #route: WideAudience<Params, Request>;
  readonly #params: Partial<Params>;
  readonly #wanted: readonly (readonly [name: string, value: unknown])[];

  constructor(route: WideAudience<Params, Request>, params: Partial<Params>) {
    super();
    this.#route = route;
    this.#params = params;
    this.#wanted = Object.entries(params);
  }

  protected override *members(): Generator<Member<Params, Request>, undefined> {
    for (const member of this.#route.members) if (this.#isMeant(member.socket)) yield member;
    return undefined;
  }

  #isMeant({ params }: Socket<Params, Request>): boolean {
    return this.#wanted.every(([name, value]) => isSame((params as AnyParams)[name], value));
  }

  protected override share(parcel: Parcel): Promise<void> {
    return this.#route.share({ ...parcel, params: this.#params });
  }

  protected override countElsewhere(): Promise<number> {
    return this.#route.countElsewhere(this.#params);
  }

  /** @internal */
  override get preparer(): Preparer {
    return this.#route.preparer;
  }
}

/** Numbers stand for the text that is in the path; a wildcard's segments are compared one by one. */
function isSame(actual: string | string[] | undefined, wanted: unknown): boolean {
  if (!Array.isArray(actual)) return actual === (typeof wanted === "number" ? String(wanted) : wanted);
  if (!Array.isArray(wanted) || wanted.length !== actual.length) return false;
  return actual.every((segment, at) => isSame(segment, wanted[at]));
}
