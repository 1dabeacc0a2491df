/**
 * Channels of node:diagnostics_channel on which it is told what becomes of upgrades: for access logs and for tools that watch
 * a process. Nothing is made for them as long as nobody listens.
 */

import { channel, type Channel } from "node:diagnostics_channel";
import type { CloseInfo } from "../errors.js";
import type { Socket } from "../connection/socket.js";

/** An upgrade that Jackfield refuses. Where a framework does, it has its own reasons. */
export interface RefusalEvent {
  /** Node's request. */
  readonly request: object;
  readonly status: number;
  /** A sentence. */
  readonly reason: string;
}

/** A socket that is open. */
export interface SocketEvent {
  readonly socket: Socket<unknown>;
  /** The name of its route. */
  readonly route: string;
  /** What was asked for: path and query, as the client wrote them. */
  readonly target: string;
}

/** The end of one. */
export interface SocketEndEvent extends Pick<SocketEvent, "socket" | "route"> {
  readonly close: CloseInfo | undefined;
}

/** Tells of each upgrade that was accepted, a {@link SocketEvent}. */
export const socketOpened: Channel = channel("jackfield.socket.opened");

/** Tells of each connection of a socket that is gone, a {@link SocketEndEvent}. */
export const socketClosed: Channel = channel("jackfield.socket.closed");

/** Tells of each upgrade that is answered over HTTP, when the answer begins: the response. */
export const upgradeAnswered: Channel = channel("jackfield.upgrade.answered");

/** Tells of each upgrade that is refused, a {@link RefusalEvent}. The answer follows. */
export const upgradeRefused: Channel = channel("jackfield.upgrade.refused");

/** Tells of a socket that is open. */
export function publishOpened(socket: Socket<unknown>, route: string, target: string): void {
  if (!socketOpened.hasSubscribers) return;
  const event: SocketEvent = { socket, route, target };
  socketOpened.publish(event);
}

/** Tells of one whose connection is gone. */
export function publishClosed(socket: Socket<unknown>, route: string): void {
  if (!socketClosed.hasSubscribers) return;
  const event: SocketEndEvent = { socket, route, close: socket.closeInfo };
  socketClosed.publish(event);
}
