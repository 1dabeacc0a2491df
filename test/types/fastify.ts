/** Fastify's types: its paths, its apps of whatever kind, its own options of routes. */

import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyRequest,
  type FastifyTypeProvider,
} from "fastify";
import type { Socket } from "jackfield";
import jackfield, { Sockets, type Blueprint, type FastifyParams } from "jackfield/fastify";
import { holds, type Same } from "./assert-type.js";

declare const sockets: Sockets;
declare const app: FastifyInstance;
declare const logger: FastifyBaseLogger & { readonly pino: true };
declare const blueprint: Blueprint;

interface JsonSchemaTypes extends FastifyTypeProvider {
  readonly validator: this["schema"];
  readonly serializer: this["schema"];
}

const plugin: FastifyPluginAsync = async (instance) => {
  holds<Same<typeof instance.sockets, Sockets>>();
  instance.sockets.route("/rooms/:id", (ws) => ws.send(ws.params.id));
  instance.sockets.register(blueprint);
};

function room(ws: Socket<{ readonly id: string }, FastifyRequest>): Promise<void> {
  return ws.send(ws.params.id + ws.request.ip);
}

/** What `ws.params` is, no more and no less. */
type Of<Path extends string> = { readonly [Name in keyof FastifyParams<Path>]: FastifyParams<Path>[Name] };

export function paths(): void {
  holds<Same<Of<"/rooms/:id">, { readonly id: string }>>();
  holds<Same<Of<"/rooms/:id(^\\d+)">, { readonly id: string }>>();
  holds<Same<Of<"/rooms/:id(^(?:ab|cd){2,}$)/:tab">, { readonly id: string; readonly tab: string }>>();
  holds<
    Same<Of<"/at/:hour(^\\d{2})h:minute(^\\d{2})m">, { readonly hour: string; readonly minute: string }>
  >();
  holds<Same<Of<"/rooms/:id?">, { readonly id?: string }>>();
  holds<Same<Of<"/rooms/:id(^\\d+)?">, { readonly id?: string }>>();
  holds<Same<Of<"/files/*">, { readonly "*": string }>>();
  holds<Same<Of<"/users/:user/*">, { readonly user: string; readonly "*": string }>>();
  holds<Same<Of<"/name::verb/:id">, { readonly id: string }>>();
  holds<Same<Of<"/:from-:to">, { readonly from: string; readonly to: string }>>();

  sockets.route("/rooms/:id(^\\d+)", (ws) => {
    holds<Same<typeof ws.params.id, string>>();
    holds<Same<typeof ws.request, FastifyRequest>>();
    // @ts-expect-error -- there is no such variable
    void ws.params.name;
  });
  sockets.route("/files/*", (ws) => {
    holds<Same<(typeof ws.params)["*"], string>>();
    // @ts-expect-error -- it has no other name
    void ws.params.path;
  });
  sockets.route("/rooms/:id?", (ws) => {
    // @ts-expect-error -- it may be missing
    holds<Same<typeof ws.params.id, string>>();
  });
}

export async function apps(): Promise<void> {
  const secure = fastify({ https: { cert: "", key: "" } });
  const own = fastify({ serverFactory: (handler) => createSecureServer(handler) });
  const http2 = fastify({ http2: true });
  const logging = fastify({ loggerInstance: logger });
  const typed = fastify().withTypeProvider<JsonSchemaTypes>();
  void new Sockets(secure).within(secure).init(secure);
  void new Sockets(own);
  void new Sockets(http2);
  void new Sockets(logging).within(logging);
  void new Sockets(typed).within(typed);
  holds<Same<typeof secure.server, SecureServer>>();

  await fastify().register(jackfield);
  await fastify().register(jackfield, { maxMessageSize: 1_024, identify: ({ id }) => id });
  await secure.register(jackfield, { maxMessageSize: 1_024 });
  await typed.register(jackfield);
  await logging.register(jackfield);
  // @ts-expect-error -- no such option
  await fastify().register(jackfield, { maxMessageSise: 1_024 });

  app.register(plugin);

  // @ts-expect-error -- an app of something else
  void new Sockets({ listen: () => undefined });
}

export function options(): void {
  const schema = { params: { type: "object" }, querystring: { type: "object" } };
  const constraints = { version: "1.0.0" };
  sockets.route("/a", (ws) => ws.send("hi"), {
    schema,
    constraints,
    preHandler: async (request, reply) => {
      if (request.headers.authorization === undefined) await reply.code(401).send();
    },
    onRequest: [(_request, _reply, done) => done()],
    fallback: (_request, reply) => reply.send("page"),
    maxMessageSize: 1_024,
    before: (request, params) => {
      holds<Same<typeof request, FastifyRequest>>();
      return params["id"] === undefined ? new Response(null, { status: 404 }) : undefined;
    },
  });
  // @ts-expect-error -- what answers is the handler of the socket
  sockets.route("/b", (ws) => ws.send("hi"), { handler: () => "page" });
  // @ts-expect-error -- it takes a request and a reply
  sockets.route("/b", (ws) => ws.send("hi"), { preHandler: (_request: number) => undefined });

  app.get(
    "/native/:id",
    { schema, constraints },
    sockets.upgrade((ws) => ws.send(String(ws.params["id"]))),
  );
  app.get(
    "/native/:id",
    sockets.upgrade<{ readonly id: string }>((ws) => ws.send(ws.params.id), { fallback: () => "page" }),
  );
  // @ts-expect-error -- native options are given to Fastify itself
  sockets.upgrade((ws) => ws.send("hi"), { preHandler: () => undefined });

  sockets.route("/rooms/:id", room);
  // @ts-expect-error -- the path lacks the variable that the handler asks for
  sockets.route("/rooms/:name", room);
}
