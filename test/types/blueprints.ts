/** Blueprints: those of a framework have its request, and are for it alone; those of `jackfield` are for all. */

import type { Request } from "express";
import type { FastifyRequest } from "fastify";
import { Blueprint, type Sockets } from "jackfield";
import { Blueprint as ExpressBlueprint, type Sockets as ExpressSockets } from "jackfield/express";
import { Blueprint as FastifyBlueprint, type Sockets as FastifySockets } from "jackfield/fastify";
import { Blueprint as HonoBlueprint, type Sockets as HonoSockets } from "jackfield/hono";
import { Blueprint as KoaBlueprint, type Sockets as KoaSockets } from "jackfield/koa";
import type { Context as KoaContext } from "koa";
import { holds, type Same } from "./assert-type.js";

declare const http: Sockets;
declare const express: ExpressSockets;
declare const fastify: FastifySockets;
declare const koa: KoaSockets;
declare const hono: HonoSockets;

export function requests(): void {
  new ExpressBlueprint("chat", { urlPrefix: "/chat" })
    .before((request, params) => {
      holds<Same<typeof request, Request>>();
      return params["id"] === "0" ? new Response("no", { status: 403 }) : undefined;
    })
    .route("/rooms/:id", (ws) => {
      holds<Same<typeof ws.request, Request>>();
      holds<Same<typeof ws.params, { readonly id: string }>>();
      // @ts-expect-error -- there is no such variable
      void ws.params.name;
    })
    .route("/", { message: (ws, message) => ws.send(message) }, { name: "lobby", maxMessageSize: 1_024 });

  const chat = new FastifyBlueprint("chat");
  chat.route(
    "/rooms/:id(^\\d+)",
    (ws) => {
      holds<Same<typeof ws.request, FastifyRequest>>();
      holds<Same<typeof ws.params.id, string>>();
    },
    { preHandler: async (_request, reply) => reply.code(401).send() },
  );
  // @ts-expect-error -- Fastify's options are Fastify's
  new ExpressBlueprint("chat").route("/", () => undefined, { preHandler: () => undefined });

  new KoaBlueprint("chat").route("/rooms/:id", (ws) => {
    const context: KoaContext = ws.request;
    context.set("X-Room", ws.params.id);
  });
  new HonoBlueprint("chat").route("/rooms/:id{[0-9]+}", (ws) => ws.send(ws.request.req.path + ws.params.id));
  new Blueprint("chat").route("/rooms/:id", (ws) => {
    holds<Same<typeof ws.request, unknown>>();
    holds<Same<typeof ws.params.id, string>>();
  });
}

export function mounts(): void {
  const forAll = new Blueprint("chat");
  http.register(forAll).register(forAll, { urlPrefix: "/second", name: "second" });
  express.register(forAll);
  fastify.register(forAll);
  koa.register(forAll);
  hono.register(forAll);

  const ofExpress = new ExpressBlueprint("chat");
  express.register(ofExpress, { urlPrefix: "/chat" });
  // @ts-expect-error -- a blueprint of another framework
  fastify.register(ofExpress);
  // @ts-expect-error -- a blueprint of another framework
  koa.register(ofExpress);
  // @ts-expect-error -- a blueprint of another framework
  hono.register(ofExpress);
  // @ts-expect-error -- a blueprint of another framework
  express.register(new FastifyBlueprint("chat"));
  // @ts-expect-error -- a blueprint of a framework, on a server without one
  http.register(new KoaBlueprint("chat"));
  // @ts-expect-error -- nor is anything else one
  express.register({ name: "chat" });

  ofExpress.register(forAll, { urlPrefix: "/inner" }).register(new ExpressBlueprint("inner"));
  // @ts-expect-error -- what is for all can't hold what is for one
  forAll.register(ofExpress);
  // @ts-expect-error -- a blueprint of another framework
  ofExpress.register(new HonoBlueprint("inner"));
  // @ts-expect-error -- no such option
  express.register(ofExpress, { prefix: "/chat" });
}
