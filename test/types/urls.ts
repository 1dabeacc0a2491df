/** URLs of routes: by a name that was made known, by a path, by the route itself. */

import type { Request } from "express";
import type { Sockets } from "jackfield";
import type { Sockets as ExpressSockets } from "jackfield/express";
import type { Sockets as FastifySockets } from "jackfield/fastify";
import type { Sockets as HonoSockets } from "jackfield/hono";
import { holds, type Same } from "./assert-type.js";

declare module "jackfield" {
  interface RouteNames {
    "typed.lobby": "/typed";
    "typed.room": "/typed/:id";
    "typed.page": "/typed/:id{/:page}";
    "typed.file": "/typed/*path";
  }
}

declare const sockets: Sockets;
declare const express: ExpressSockets;
declare const fastify: FastifySockets;
declare const hono: HonoSockets;
declare const request: Request;
declare const anyName: string;

export function byName(): void {
  holds<Same<ReturnType<typeof sockets.urlFor>, string>>();
  sockets.urlFor("typed.lobby");
  sockets.urlFor("typed.lobby", {});
  sockets.urlFor("typed.room", { id: "7" });
  sockets.urlFor("typed.room", { id: 7 });
  sockets.urlFor("typed.page", { id: 7 });
  sockets.urlFor("typed.page", { id: 7, page: 2 });
  sockets.urlFor("typed.file", { path: ["a", "b"] });

  // @ts-expect-error -- it has a variable
  sockets.urlFor("typed.room");
  // @ts-expect-error -- it is missing
  sockets.urlFor("typed.room", {});
  // @ts-expect-error -- it has another name
  sockets.urlFor("typed.room", { room: 7 });
  // @ts-expect-error -- there is no second one
  sockets.urlFor("typed.room", { id: 7, page: 2 });
  // @ts-expect-error -- it has none
  sockets.urlFor("typed.lobby", { id: 7 });
  // @ts-expect-error -- a wildcard is a list
  sockets.urlFor("typed.file", { path: "a/b" });
  // @ts-expect-error -- a variable is text or a number
  sockets.urlFor("typed.room", { id: true });
  // @ts-expect-error -- nor may it be missing at run time
  sockets.urlFor("typed.room", { id: undefined });
}

export function byPath(): void {
  sockets.urlFor("/plain");
  sockets.urlFor("/rooms/:id", { id: 7 });
  // @ts-expect-error -- its variable is missing
  sockets.urlFor("/rooms/:id");
  // @ts-expect-error -- it has another name
  sockets.urlFor("/rooms/:id", { room: 7 });
  // @ts-expect-error -- there is no second one
  sockets.urlFor("/rooms/:id", { id: 7, page: 2 });

  // Of a name that nobody made known, nothing is known.
  sockets.urlFor("unlisted");
  sockets.urlFor("unlisted", { anything: "goes" });
  sockets.urlFor(anyName, { anything: 7 });
}

export function byRoute(): void {
  const room = express.route("/rooms/:id", (ws) => ws.send("hi"));
  express.urlFor(room, { id: 7 });
  // @ts-expect-error -- its variable is missing
  express.urlFor(room);
  // @ts-expect-error -- it has another name
  express.urlFor(room, { room: 7 });
  const lobby = express.route("/", (ws) => ws.send("hi"));
  express.urlFor(lobby);
  // @ts-expect-error -- it has none
  express.urlFor(lobby, { id: 7 });
  // @ts-expect-error -- of another framework's sockets
  fastify.urlFor(room, { id: 7 });

  const number = fastify.route("/rooms/:id(^\\d+)", (ws) => ws.send("hi"));
  fastify.urlFor(number, { id: 7 });
  const file = fastify.route("/files/*", (ws) => ws.send("hi"));
  fastify.urlFor(file, { "*": "a" });
  const page = hono.route("/pages/:id{[0-9]+}", (ws) => ws.send("hi"));
  hono.urlFor(page, { id: 7 });
  // @ts-expect-error -- its variable is missing
  hono.urlFor(page);

  void room.to({ id: "7" }).send("hi");
  // @ts-expect-error -- there is no such variable
  void room.to({ room: "7" });
  for (const ws of room) holds<Same<typeof ws.params.id, string>>();
}

export function whole(): void {
  express.urlFor("typed.room", { id: 7 }, { request });
  express.urlFor("typed.lobby", undefined, { base: "https://example.com" });
  express.urlFor("typed.room", { id: 7 }, { external: false });
  // @ts-expect-error -- the base is a URL
  express.urlFor("typed.room", { id: 7 }, { base: 5 });
  // @ts-expect-error -- another framework's request
  fastify.urlFor("typed.room", { id: 7 }, { request });
  // @ts-expect-error -- no such option
  express.urlFor("typed.room", { id: 7 }, { absolute: true });

  // It is a function of its own: a template helper.
  const { urlFor } = express;
  urlFor("typed.room", { id: 7 }, { request });
}
