/**
 * `jackfield/context`: the socket of the running handler, without handing it from function to function.
 *
 * Importing this switches on an `AsyncLocalStorage`, which costs a little in every promise on Node 20. Who doesn't import
 * it, pays nothing. Handlers that began before it was imported know no current socket.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { Socket } from "../connection/socket.js";
import { SocketContextError } from "../errors.js";
import { bringSocketScope } from "./socket-scope.js";

const storage = new AsyncLocalStorage<Socket | undefined>();

bringSocketScope((socket, code, ...args) => storage.run(socket as Socket | undefined, code, ...args));

/**
 * Whether there is a current socket: in a loop, in every hook and in whatever they await and begin, and in HTTP handlers
 * behind `sockets.context()` whose client has an open socket.
 */
export function hasSocketContext(): boolean {
  return storage.getStore() !== undefined;
}

/**
 * The current socket itself, to be kept or compared: {@link ws} stands for another one in each handler.
 *
 * @throws {SocketContextError} if there is none
 */
export function currentSocket(): Socket {
  const socket = storage.getStore();
  if (socket === undefined) throw new SocketContextError();
  return socket;
}

/** An instance of the class with nothing in it, and nothing to be put into it. */
const standIn = Object.create(Socket.prototype) as Socket;
Object.freeze(standIn);

/**
 * Stands for the current socket: `await ws.send("hello")` anywhere below a handler. It is the same object in all of
 * them; see {@link currentSocket} for one to be kept, in a set of sockets for example.
 *
 * @throws {SocketContextError} whatever is done with it, if there is no current socket
 */
export const ws: Socket = new Proxy<Socket>(standIn, {
  get(_target, name): unknown {
    const socket = currentSocket();
    const value: unknown = Reflect.get(socket, name, socket);
    // Methods reach what is private of the real one only.
    return typeof value === "function" && name !== "constructor" ? (value.bind(socket) as unknown) : value;
  },
  set: (_target, name, value) => Reflect.set(currentSocket(), name, value),
});
