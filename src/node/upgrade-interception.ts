/**
 * Puts one listener before all others of a server's upgrades: they see an upgrade only if it says so. Several listeners
 * that each answer what isn't theirs (a `WebSocketServer` of `ws` with 400, a catch-all by hanging up) could not share
 * a server otherwise.
 */

import { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** An upgrade as Node's server announces it. */
export interface AnnouncedUpgrade {
  readonly request: IncomingMessage;
  /** A socket of `node:net` or `node:tls`, unless the server was given another stream as its connection. */
  readonly socket: Duplex;
  /** Bytes that came behind the request. */
  readonly head: Buffer;
  /** The other listeners of the same server, for this upgrade. */
  readonly others: OtherListeners;
}

export interface OtherListeners {
  /** Whether there are any that have not heard of the upgrade. */
  readonly exist: boolean;
  /** Calls those that were there before ours, once. */
  tellEarlier(): void;
  /** Calls all that have not heard of it, once. */
  tell(): void;
}

/** For an upgrade that the other listeners hear of in another way, or not at all. */
export const noOthers: OtherListeners = {
  exist: false,
  tell: () => undefined,
  tellEarlier: () => undefined,
};

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

interface Emitter {
  readonly emit: Emit;
}

/** What we have put onto servers. */
const ours = new WeakMap<Server, Emit>();

/** Who gets an upgrade that is emitted as a request, instead of the server's own listeners. */
const standIns = new WeakMap<IncomingMessage, Server>();

/** Wraps `emit` of a server for a purpose of ours, which makes nobody a watcher of its requests. */
export function wrapEmit(server: Server, wrap: (emit: Emit) => Emit): void {
  const isOurs = ownEmit(server) === ours.get(server);
  const wrapped = wrap(server.emit.bind(server) as Emit);
  server.emit = wrapped as Server["emit"];
  if (isOurs) ours.set(server, wrapped);
}

/** Whether a tool has wrapped `emit` of a server after us, or that of all servers. */
export function isEmitWatched(server: Server): boolean {
  return ownEmit(server) !== ours.get(server) || emitOfClass(server) !== EventEmitter.prototype.emit;
}

function ownEmit(server: Server): Emit | undefined {
  const own = Object.hasOwn(server, "emit") ? (server as Emitter).emit : undefined;
  return own === emitOfClass(server) ? undefined : own; // that is how some put back what they had wrapped
}

/** The `emit` that a server has by its class. */
function emitOfClass(server: Server): Emit {
  return (Object.getPrototypeOf(server) as Emitter).emit;
}

/** Emits an upgrade as a request that all see who have wrapped `emit`, and that only `listener` gets. */
export function emitToOne(
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
  listener: () => void,
): void {
  const standIn = Object.create(server) as Server;
  Reflect.apply(EventEmitter, standIn, []); // it has listeners of its own
  standIn.on("request", listener);
  standIns.set(request, standIn);
  const own = ownEmit(server);
  const isHeard: unknown = Reflect.apply(own ?? emitRequest, server, ["request", request, response]);
  // Those who wrap `emit` may wait before they go on; but where one went on without us, and none has listened, it is lost.
  if (isHeard === false && standIns.delete(request)) listener();
}

/** Emits a request by the `emit` of the server's class: to its listeners, or to the one for whom it is. */
function emitRequest(this: Server, event: string | symbol, ...args: unknown[]): boolean {
  const [request] = args as [IncomingMessage];
  const standIn = standIns.get(request);
  standIns.delete(request);
  return Reflect.apply(emitOfClass(this), standIn ?? this, [event, ...args]);
}

/** Emits a request that nobody sees but the listeners. */
export function emitToListeners(server: Server, request: IncomingMessage, response: ServerResponse): void {
  EventEmitter.prototype.emit.call(server, "request", request, response);
}

type Listener = (...args: unknown[]) => unknown;
type Parts = Omit<AnnouncedUpgrade, "others">;

export class UpgradeInterception {
  readonly #server: Server;
  readonly #listener: (upgrade: AnnouncedUpgrade) => void;
  /** Those that were there before ours. */
  readonly #earlier: ReadonlySet<Listener>;
  /** Upgrades that came by `emit`, and of which the other listeners hear now. */
  readonly #announced = new WeakSet<IncomingMessage>();
  /** The server's `emit`, if it had one of its own. */
  readonly #ownEmit: Emit | undefined;
  readonly #intercept: Emit;
  #isActive = true;

  /** Wraps `emit` of this one server, for the event `upgrade`. */
  constructor(server: Server, listener: (upgrade: AnnouncedUpgrade) => void) {
    this.#server = server;
    this.#listener = listener;
    this.#earlier = new Set(listenersOf(server));
    this.#ownEmit = Object.hasOwn(server, "emit") ? (server as Emitter).emit : undefined;
    this.#intercept = (event, ...args) => {
      if (event === "request" && standIns.has(args[0] as IncomingMessage))
        return Reflect.apply(emitRequest, server, [event, ...args]);
      if (event !== "upgrade" || !this.#isActive) return this.#emit(event, ...args);
      this.#intercepted(...(args as [IncomingMessage, Duplex, Buffer]));
      return true;
    };
    // Without a listener, Node doesn't stop to parse HTTP.
    server.on("upgrade", this.#onUpgrade);
    ours.set(server, this.#intercept);
    server.emit = this.#intercept as Server["emit"];
  }

  /** How many listeners were there before ours. */
  get earlierCount(): number {
    return this.#earlier.size;
  }

  /** Leaves nothing of ours on the server. */
  stop(): void {
    this.#isActive = false; // tools that have wrapped `emit` since may still call ours
    this.#server.off("upgrade", this.#onUpgrade);
    ours.delete(this.#server);
    if (this.#server.emit !== this.#intercept) return;
    if (this.#ownEmit === undefined) Reflect.deleteProperty(this.#server, "emit");
    else this.#server.emit = this.#ownEmit as Server["emit"];
  }

  /** Tools that watch a process wrap it too, and for all servers at once, perhaps later. */
  #emit(event: string | symbol, ...args: unknown[]): boolean {
    const emit = this.#ownEmit ?? (Object.getPrototypeOf(this.#server) as Emitter).emit;
    return Reflect.apply(emit, this.#server, [event, ...args]);
  }

  /** It is called for what all listeners hear of at once, too: by a tool that holds the server's former `emit`. */
  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!this.#announced.has(request)) this.#listener({ request, socket, head, others: noOthers });
  };

  #intercepted(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const others = new Others(this, { request, socket, head });
    this.#listener({ request, socket, head, others });
  }

  /** Whether there are listeners besides ours. */
  get hasOthers(): boolean {
    return this.#server.listenerCount("upgrade") > 1;
  }

  /** Whether some of them came after ours. */
  get hasLater(): boolean {
    return this.#later().length > 0;
  }

  #later(): readonly Listener[] {
    return listenersOf(this.#server).filter(
      (listener) => listener !== (this.#onUpgrade as Listener) && !this.#earlier.has(listener),
    );
  }

  announceToAll({ request, socket, head }: Parts): void {
    this.#announced.add(request);
    this.#emit("upgrade", request, socket, head);
  }

  announceToEarlier(parts: Parts): void {
    const present = listenersOf(this.#server).filter((listener) => this.#earlier.has(listener));
    this.#call(present, parts);
  }

  announceToLater(parts: Parts): void {
    this.#call(this.#later(), parts);
  }

  #call(listeners: readonly Listener[], { request, socket, head }: Parts): void {
    this.#announced.add(request);
    for (const listener of listeners) Reflect.apply(listener, this.#server, [request, socket, head]);
  }
}

/** The other listeners of a server, for one upgrade. */
class Others implements OtherListeners {
  readonly #interception: UpgradeInterception;
  readonly #parts: Parts;
  #told: "none" | "earlier" | "all" = "none";

  constructor(interception: UpgradeInterception, parts: Parts) {
    this.#interception = interception;
    this.#parts = parts;
  }

  get exist(): boolean {
    if (this.#told === "all") return false;
    return this.#told === "none" ? this.#interception.hasOthers : this.#interception.hasLater;
  }

  tellEarlier(): void {
    if (this.#told !== "none") return;
    this.#told = "earlier";
    this.#interception.announceToEarlier(this.#parts);
  }

  tell(): void {
    const told = this.#told;
    this.#told = "all";
    if (told === "none") this.#interception.announceToAll(this.#parts);
    else if (told === "earlier") this.#interception.announceToLater(this.#parts);
  }
}

/** With the wrappers of those that were added by `once`. */
function listenersOf(server: Server): readonly Listener[] {
  return server.rawListeners("upgrade") as Listener[];
}
