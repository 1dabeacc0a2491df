/** The decorator form of `route`: on methods that take the socket of the path. */

import type { IncomingMessage } from "node:http";
import type { Request } from "express";
import type { Socket, Sockets } from "jackfield";
import { Blueprint as ExpressBlueprint, type Sockets as ExpressSockets } from "jackfield/express";

declare const sockets: Sockets;
declare const express: ExpressSockets;

const chat = new ExpressBlueprint("chat");

type Room = { readonly id: string };

export class Rooms {
  readonly greeting = "hi";

  @sockets.route("/echo")
  async echo(ws: Socket<unknown>): Promise<void> {
    for await (const message of ws) await ws.send(message);
  }

  @sockets.route("/rooms/:id", { name: "room", maxMessageSize: 1_024 })
  async room(ws: Socket<Room, IncomingMessage>): Promise<void> {
    await ws.send(this.greeting + ws.params.id + (ws.request.url ?? ""));
  }

  @express.route("/rooms/:id")
  static async everywhere(ws: Socket<Room, Request>): Promise<void> {
    await ws.send(ws.request.originalUrl + ws.params.id);
  }

  @chat.route("/rooms/:id")
  inBlueprint(ws: Socket<Room, Request>): unknown {
    return ws.send(ws.params.id);
  }

  @sockets.route("/nothing")
  withoutSocket(): void {}

  // @ts-expect-error -- the path has another variable
  @sockets.route("/rooms/:name")
  otherVariable(ws: Socket<Room>): unknown {
    return ws.send(ws.params.id);
  }

  // @ts-expect-error -- it may be missing
  @sockets.route("/rooms{/:id}")
  optionalVariable(ws: Socket<Room>): unknown {
    return ws.send(ws.params.id);
  }

  // @ts-expect-error -- another framework's request
  @sockets.route("/rooms/:id")
  otherRequest(ws: Socket<Room, Request>): unknown {
    return ws.send(ws.params.id);
  }

  // @ts-expect-error -- it gets a socket, and nothing else
  @sockets.route("/echo")
  two(ws: Socket<unknown>, more: string): unknown {
    return ws.send(more);
  }

  // @ts-expect-error -- a method, no field
  @sockets.route("/echo")
  field = "echo";

  // @ts-expect-error -- no such option
  @sockets.route("/echo", { maxMessageSise: 1_024 })
  wrongOption(ws: Socket<unknown>): unknown {
    return ws.send("hi");
  }
}
