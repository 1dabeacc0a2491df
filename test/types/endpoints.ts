/** Message handlers, as the compiler sees them. */

import { type } from "arktype";
import {
  json,
  type AnyParams,
  type Blueprint,
  type CloseInfo,
  type Message,
  type PathParams,
  type Route,
  type Socket,
  type Sockets,
} from "jackfield";
import type { Blueprint as ExpressBlueprint, Sockets as ExpressSockets } from "jackfield/express";
import type { Request } from "express";
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import { z } from "zod";
import { holds, type Same } from "./assert-type.js";

declare const sockets: Sockets;
declare const express: ExpressSockets;
declare const blueprint: Blueprint;
declare const expressBlueprint: ExpressBlueprint;

export function messages(): void {
  sockets.onMessage((message, ws) => {
    holds<Same<typeof message, Message>>();
    holds<Same<typeof ws, Socket<AnyParams, IncomingMessage>>>();
    return message;
  });
  sockets.onMessage(/^ECHO (.*)/, (message, match, ws) => {
    holds<Same<typeof message, string>>();
    holds<Same<typeof match, RegExpExecArray>>();
    holds<Same<typeof ws, Socket<AnyParams, IncomingMessage>>>();
    return match[1];
  });
  sockets.onOpen((ws) => ws.id);
  sockets.onClose((ws, info) => {
    holds<Same<typeof info, CloseInfo>>();
    return ws.rooms.size; // whatever
  });
  express.onMessage((_message, ws) => {
    holds<Same<typeof ws.request, Request>>();
  });
  blueprint.onMessage((message) => message);
  expressBlueprint.endpoint("/game/:id").onMessage((_message, ws) => {
    holds<Same<typeof ws.request, Request>>();
    return ws.params.id;
  });
  const game = sockets.endpoint("/game/:id", { name: "game", matchOne: true, concurrency: 4 });
  game.onMessage((_message, ws) => ws.params.id);
  const route: Route<PathParams<"/game/:id">, IncomingMessage> = game.route;
  void route.to({ id: "7" }).send("hi");

  // @ts-expect-error -- no such variable in the path
  game.onMessage((_message, ws) => ws.params.room);
  // @ts-expect-error -- no such option
  sockets.endpoint("/a", { matchone: true });
  // @ts-expect-error -- a pattern needs a handler
  sockets.onMessage("ECHO .*");
}

export function replies(list: string[], members: Set<unknown>): void {
  sockets.onMessage(() => undefined);
  sockets.onMessage(() => null);
  sockets.onMessage(async () => Buffer.from("bytes"));
  sockets.onMessage(() => json({ any: "value" }));
  sockets.onMessage((message, ws) => ws.send(message));
  sockets.onMessage(function* () {
    yield "one";
    yield json(2);
  });
  sockets.onMessage(async function* (message) {
    yield "working";
    yield message;
  });

  // @ts-expect-error -- an object is none; json(…) is
  sockets.onMessage(() => ({ reply: 1 }));
  // @ts-expect-error -- nor is a number
  sockets.onMessage(() => list.push("oops"));
  // @ts-expect-error -- nor a list
  sockets.onMessage(() => ["a", "b"]);
  // @ts-expect-error -- nor is it later
  sockets.onMessage(async () => 7);
  // @ts-expect-error -- nor yielded
  sockets.onMessage(function* () {
    yield 7;
  });
  // @ts-expect-error -- what a set's add returns is the set
  sockets.onOpen((ws) => members.add(ws));
}

export function events(): void {
  sockets.on("any", (data) => {
    holds<Same<typeof data, unknown>>();
  });
  sockets.on("zod", z.object({ name: z.string(), age: z.coerce.number() }), (data, ws) => {
    holds<Same<typeof data, { name: string; age: number }>>();
    holds<Same<typeof ws, Socket<AnyParams, IncomingMessage>>>();
    return { any: "value" };
  });
  sockets.on("valibot", v.object({ name: v.string(), age: v.optional(v.number(), 1) }), (data) => {
    holds<Same<typeof data, { name: string; age: number }>>();
  });
  sockets.on("arktype", type({ name: "string", "age?": "number" }), (data) => {
    holds<Same<typeof data, { name: string; age?: number }>>();
  });

  // @ts-expect-error -- the schema says that it is a string
  sockets.on("wrong", z.object({ name: z.string() }), (data) => data.name.toFixed());
  // @ts-expect-error -- no schema
  sockets.on("wrong", { name: "string" }, () => undefined);
  // @ts-expect-error -- without a schema, nothing is known of the data
  sockets.on("wrong", (data) => data.name);
}
