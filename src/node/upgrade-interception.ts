/**
 * Puts one listener before all others of a server's upgrades: they see an upgrade only if it says so. Several listeners
 * that each answer what isn't theirs (a `WebSocketServer` of `ws` with 400, a catch-all by hanging up) could not share
 * a server otherwise.
 */

import { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** An upgrade as Node's server announces it. */
export interface AnnouncedUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** Bytes that came behind the request. */
  readonly head: Buffer;
  /** The other listeners of the same server, for this upgrade. */
  readonly others: OtherListeners;
}

export interface OtherListeners {
  /** Whether there are any. */
  readonly exist: boolean;
  /** Tells them of the upgrade, once. */
  tell(): void;
}

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

interface Emitter {
  readonly emit: Emit;
}

/** What we have put onto servers. */
const ours = new WeakMap<Server, Emit>();

/** Who gets an upgrade that is emitted as a request, instead of the server's own listeners. */
const standIns = new WeakMap<IncomingMessage, Server>();

/** Whether somebody has wrapped `emit` of a server after us, or that of all servers. */
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

/** Wraps `emit` of this one server, for the event `upgrade`. */
export function interceptUpgrades(server: Server, listener: (upgrade: AnnouncedUpgrade) => void): void {
  // Tools that watch a process wrap it too, and for all servers at once, perhaps later.
  const own = Object.hasOwn(server, "emit") ? (server as Emitter).emit : undefined;
  const emit: Emit = (...args) =>
    Reflect.apply(own ?? (Object.getPrototypeOf(server) as Emitter).emit, server, args);
  /** Those that came by `emit`, and are the others' turn now. */
  const announced = new WeakSet<IncomingMessage>();
  const exist = (): boolean => server.listenerCount("upgrade") > 1;

  // Without a listener, Node doesn't stop to parse HTTP. It is called for what was told to all of them at once, too:
  // by somebody who holds the server's former `emit`.
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (announced.has(request)) return;
    listener({ request, socket, head, others: { exist: exist(), tell: () => undefined } });
  });

  const intercept: Emit = (event, ...args) => {
    if (event === "request" && standIns.has(args[0] as IncomingMessage))
      return Reflect.apply(emitRequest, server, [event, ...args]);
    if (event !== "upgrade") return emit(event, ...args);
    const [request, socket, head] = args as [IncomingMessage, Socket, Buffer];
    const tell = (): void => {
      if (announced.has(request)) return;
      announced.add(request);
      emit(event, ...args);
    };
    listener({ request, socket, head, others: { exist: exist(), tell } });
    return true;
  };
  ours.set(server, intercept);
  server.emit = intercept as Server["emit"];
}
