/** Handlers: what may be one, and what a socket in them offers. */

import type { IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { Router, type Request, type RequestHandler } from "express";
import type { Sockets, CloseInfo, Handler, Hooks, LoopHandler, Message, Sendable, Socket } from "jackfield";
import type { Sockets as ExpressSockets } from "jackfield/express";
import { holds, type Same } from "./assert-type.js";

declare const sockets: Sockets;
declare const express: ExpressSockets;

async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}
async function room(ws: Socket<{ readonly id: string }>): Promise<void> {
  await ws.send(ws.params.id);
}
async function plain(ws: Socket): Promise<void> {
  await ws.send(ws.params["id"] ?? "");
}

const requireLogin: RequestHandler = (_request, _response, next) => next();

export function handlers(): void {
  sockets.attach(createSecureServer());

  // Loops, synchronous or not, with whatever result.
  sockets.route("/", () => undefined);
  sockets.route("/", async () => {});
  sockets.route("/", (ws) => ws.send("hi"));
  sockets.route("/", (ws) => ws.close());

  // Hooks: any of them, as an object or an instance.
  sockets.route("/", { open: (ws) => ws.send("hi") });
  sockets.route("/", { message: async (ws, message) => ws.send(message) });
  sockets.route("/", {
    open(ws) {
      holds<Same<typeof ws.request, IncomingMessage>>();
    },
    message(_ws, message) {
      holds<Same<typeof message, Message>>();
    },
    drain(ws) {
      holds<Same<typeof ws.bufferedAmount, number>>();
    },
    close(_ws, info) {
      holds<Same<typeof info, CloseInfo>>();
    },
  });
  class Counter implements Hooks<object, unknown> {
    #count = 0;
    message(ws: Socket<object>): Promise<void> {
      return ws.send(String(++this.#count));
    }
  }
  sockets.route("/:id", new Counter());
  express.route("/:id", new Counter());

  // One function for many routes, of any framework.
  sockets.route("/", echo);
  sockets.route("/:id", echo);
  sockets.route("/*rest", echo);
  sockets.route("/:id/:more", room);
  sockets.route("/:id", plain);
  express.route("/", echo);
  express.route("/:id", echo);
  express.route("/:id/:more", room);
  // @ts-expect-error -- the path lacks the variable that the handler asks for
  sockets.route("/:name", room);
  // @ts-expect-error -- it may be missing
  sockets.route("{/:id}", room);

  const named: LoopHandler<{ readonly id: string }, IncomingMessage> = room;
  const either: Handler<{ readonly id: string }, IncomingMessage> = named;
  sockets.route("/:id", either);

  // What is no handler.
  // @ts-expect-error -- a string is none
  sockets.route("/", "echo");
  // @ts-expect-error -- no such hook
  sockets.route("/", { onMessage: () => undefined });
  // @ts-expect-error -- a hook takes a socket and a message
  sockets.route("/", { message: (_ws: Socket, _message: number) => undefined });
  // @ts-expect-error -- a class is none, an instance is
  sockets.route("/", Counter);

  // Native handlers of Express.
  const router = Router();
  router.get("/rooms/:id", requireLogin, express.upgrade(echo));
  router.get(
    "/rooms/:id",
    requireLogin,
    express.upgrade((ws) => {
      holds<Same<typeof ws.request, Request>>();
      return ws.send(String(ws.params["id"]));
    }),
  );
  router.get(
    "/rooms/:id",
    express.upgrade<{ id: string }>((ws) => ws.send(ws.params.id)),
  );
  router.get(/\/pattern/, express.upgrade(echo));

  sockets.route("/", async (ws) => {
    // Sending.
    const sendable: Sendable[] = ["text", Buffer.alloc(1), new Uint8Array(1), new ArrayBuffer(1)];
    for (const each of sendable) await ws.send(each);
    holds<Same<ReturnType<typeof ws.send>, Promise<void>>>();
    // @ts-expect-error -- an object is no message
    await ws.send({ a: 1 });
    // @ts-expect-error -- nor is a number
    await ws.send(5);
    // @ts-expect-error -- nor is nothing
    await ws.send();
    // @ts-expect-error -- nor is an array of numbers
    await ws.send([1, 2]);
    await ws.sendJson({ a: 1 });

    // Receiving.
    const always = await ws.receive();
    holds<Same<typeof always, Message>>();
    const withSignal = await ws.receive({ signal: ws.signal });
    holds<Same<typeof withSignal, Message>>();
    const perhaps = await ws.receive({ timeout: 100 });
    holds<Same<typeof perhaps, Message | undefined>>();
    const both = await ws.receive({ timeout: 100, signal: ws.signal });
    holds<Same<typeof both, Message | undefined>>();
    const now = ws.receiveNow();
    holds<Same<typeof now, Message | undefined>>();
    const json = await ws.receiveJson();
    holds<Same<typeof json, unknown>>();
    // @ts-expect-error -- milliseconds are a number
    await ws.receive({ timeout: "1s" });
    // @ts-expect-error -- no such option
    await ws.receive({ timout: 5 });
    for await (const message of ws) {
      holds<Same<typeof message, string | Uint8Array>>();
      if (typeof message === "string") message.toUpperCase();
      else message.subarray(1);
    }

    // The end, and the facts.
    const info = await ws.close(1000, "bye");
    holds<Same<typeof info, CloseInfo>>();
    holds<Same<typeof info.by, "peer" | "application" | "library" | "network">>();
    holds<Same<typeof ws.closeInfo, CloseInfo | undefined>>();
    holds<Same<typeof ws.cookies.name, string | undefined>>();
    holds<Same<typeof ws.subprotocol, string | undefined>>();
    holds<Same<typeof ws.remoteAddress, string | undefined>>();
    // @ts-expect-error -- a code is a number
    await ws.close("1000");
    // @ts-expect-error -- facts don't change
    ws.id = "mine";
    // @ts-expect-error -- nor does the state
    ws.connected = false;
  });
}
