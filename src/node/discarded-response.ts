/** A response that nobody gets: the framework gave it, but the connection belongs to somebody else, or has ended. */

import type { ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { atEndOfTurn } from "../base/timers.js";
import { closeResponse, giveSocket } from "./http-answer.js";

/**
 * A socket that takes all that is written to it, and leads nowhere. It takes it in the next turn of the event loop: a
 * stream without an end would let nobody else have a turn otherwise.
 */
class Nowhere extends Socket {
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    atEndOfTurn(done);
  }

  override _writev(_chunks: unknown, done: () => void): void {
    atEndOfTurn(done);
  }
}

/**
 * Lets a response run into the void, so that whoever writes to it or waits for its end comes to an end: files are
 * closed, loggers log. It lives no longer than the connection that it was meant for.
 */
export function discardResponse(response: ServerResponse, socket: Duplex): void {
  const nowhere = new Nowhere();
  const end = (): void => void nowhere.destroy();
  socket.once("close", end);
  nowhere.once("close", () => socket.off("close", end));
  response.once("finish", () => {
    closeResponse(response, nowhere);
    end();
  });
  giveSocket(response, nowhere);
  if (socket.destroyed) end();
}
