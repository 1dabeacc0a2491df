/**
 * Puts one listener before all others of a server's upgrades: they see an upgrade only if it says so. Several listeners
 * that each answer what isn't theirs (a `WebSocketServer` of `ws` with 400, a catch-all by hanging up) could not share
 * a server otherwise.
 */

import type { IncomingMessage, Server } from "node:http";
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
  server.emit = intercept as Server["emit"];
}
