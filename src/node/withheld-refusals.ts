/** Offers a socket to other listeners that may take it, but not refuse it: that is for us to do. */

import type { Duplex } from "node:stream";
import { detachResponse } from "./http-answer.js";
import { responseOn } from "./server-classes.js";

/** What a socket is refused with. */
const methods = ["write", "end", "destroy", "destroySoon", "resetAndDestroy"] as const;

type Method = (...args: unknown[]) => unknown;

/**
 * Calls `tell`, and lets nothing through of what is done to the socket in it, until somebody switches protocols: a
 * `WebSocketServer` of `ws` with a path answers all others with 400, and a catch-all hangs up.
 */
export function withholdRefusals(socket: Duplex, tell: () => void): void {
  const finishers = socket.listeners("finish");
  let wasRefused = false;
  let isWithheld = true;
  const own = Object.getOwnPropertyDescriptors(socket);
  const restore = (): void => {
    if (!isWithheld) return; // what the one who took it has put there is theirs
    isWithheld = false;
    for (const name of methods) Reflect.deleteProperty(socket, name);
    for (const name of methods) if (own[name] !== undefined) Object.defineProperty(socket, name, own[name]);
  };
  for (const name of methods) {
    const method: unknown = Reflect.get(socket, name);
    if (typeof method !== "function") continue; // not every stream can be reset
    const withheld: Method = (...args) => {
      if (!isSwitch(args[0])) {
        wasRefused = true;
        return name === "write" || socket;
      }
      restore();
      return Reflect.apply(method, socket, args) as unknown;
    };
    Reflect.defineProperty(socket, name, { configurable: true, writable: true, value: withheld });
  }
  try {
    tell();
  } finally {
    restore();
  }
  if (!wasRefused) return;
  const response = responseOn(socket);
  if (response !== undefined) detachResponse(response, socket);
  // They would do to our answer what was meant for theirs.
  for (const listener of socket.listeners("finish"))
    if (!finishers.includes(listener)) socket.off("finish", listener as () => void);
}

/** Whether something begins an answer that takes the socket (RFC 9110 §15.2.2). */
function isSwitch(chunk: unknown): boolean {
  const start = chunk instanceof Uint8Array ? Buffer.from(chunk.subarray(0, 12)).toString("latin1") : chunk;
  return typeof start === "string" && start.startsWith("HTTP/1.1 101");
}
