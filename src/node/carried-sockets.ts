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

/**
 * What the app has loaded may be another copy than the command's: tsx makes modules of CommonJS of those that are
 * required. So all copies share one map.
 */
const CARRIED = Symbol.for("jackfield.carried-sockets");

const carried = sharedMap();

function sharedMap(): WeakMap<object, Set<CarriedSockets>> {
  const map = (Reflect.get(globalThis, CARRIED) ?? new WeakMap()) as WeakMap<object, Set<CarriedSockets>>;
  Reflect.set(globalThis, CARRIED, map);
  return map;
}

/** Remembers that an app or a server carries sockets. */
export function carry(carrier: object, sockets: CarriedSockets): void {
  const all = carried.get(carrier) ?? new Set();
  carried.set(carrier, all.add(sockets));
}

/** Whether a value is sockets itself, of whichever copy. */
export function isSockets(value: unknown): value is CarriedSockets {
  return typeof value === "object" && value !== null && "openSockets" in value && "attach" in value;
}

/** The sockets of an app or a server, in the order in which they were made. */
export function socketsCarriedBy(carrier: object): readonly CarriedSockets[] {
  return [...(carried.get(carrier) ?? [])];
}
