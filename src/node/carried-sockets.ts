/** Which sockets an app or a server carries, so that whoever gets the app alone finds them: the command that runs it. */

import type { Server } from "node:http";
import type { DrainOptions, OpenSockets } from "../routing/open-sockets.js";
import type { AnyRoute } from "../routing/route.js";

/** What there is to do with sockets whose framework isn't known. */
export interface CarriedSockets {
  readonly openSockets: OpenSockets;
  readonly routes: Iterable<AnyRoute>;
  attach(server: Server): unknown;
  close(options?: DrainOptions): Promise<void>;
}

const carried = new WeakMap<object, Set<CarriedSockets>>();

/** Remembers that an app or a server carries sockets. */
export function carry(carrier: object, sockets: CarriedSockets): void {
  const all = carried.get(carrier) ?? new Set();
  carried.set(carrier, all.add(sockets));
}

/** The sockets of an app or a server, in the order in which they were made. */
export function socketsCarriedBy(carrier: object): readonly CarriedSockets[] {
  return [...(carried.get(carrier) ?? [])];
}
