/** What the channels of a broker are called, besides those of rooms and identities: see `rooms/groups.ts`. */

/** For what is sent to all sockets. */
export const ALL = "all";

/** All processes are told there whose sockets end. */
export const REVOCATIONS = "revocations";

/** @param name - of the route */
export function routeChannel(name: string): string {
  return `route:${name}`;
}
