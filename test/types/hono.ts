/** Hono's types: its paths, its variables, apps with a base path and with routes that are chained. */

import { createMiddleware } from "hono/factory";
import { Hono, type Context } from "hono";
import { Blueprint, Sockets, type HonoParams } from "jackfield/hono";
import { holds, type Same } from "./assert-type.js";

interface Session {
  readonly user: string;
}
interface AppEnv {
  readonly Variables: { readonly session: Session; readonly visits: number };
}

declare const sockets: Sockets;
declare const anyPath: string;

export function paths(): void {
  holds<Same<HonoParams<"/rooms/:id">, { readonly id: string }>>();
  holds<Same<HonoParams<"/rooms/:id{[0-9]+}">, { readonly id: string }>>();
  holds<Same<HonoParams<"/rooms/:id?">, { readonly id: string | undefined }>>();
  holds<Same<HonoParams<"/:a/:b{.+\\.png}">, { readonly a: string; readonly b: string }>>();
  holds<Same<HonoParams<string>, Readonly<Record<string, string>>>>();

  sockets.route("/rooms/:id{[0-9]+}", (ws) => {
    holds<Same<typeof ws.params.id, string>>();
    // @ts-expect-error -- there is no such variable
    void ws.params.name;
  });
  sockets.route("/rooms/:id?", (ws) => {
    holds<Same<typeof ws.params.id, string | undefined>>();
  });
  sockets.route("/plain", (ws) => {
    // @ts-expect-error -- there is no variable
    void ws.params.id;
  });
  sockets.route(anyPath, (ws) => {
    holds<Same<typeof ws.params, Readonly<Record<string, string>>>>();
  });
}

export function variables(): void {
  const own = new Sockets(new Hono<AppEnv>());
  own.route("/rooms/:id", (ws) => {
    holds<Same<typeof ws.request, Context<AppEnv>>>();
    holds<Same<typeof ws.request.var.visits, number>>();
    holds<Same<typeof ws.session, Session>>();
    // @ts-expect-error -- nothing was said of it
    void ws.session.surname;
  });
  own.route("/", () => undefined, {
    before: (context) => (context.var.visits > 5 ? context.text("enough", 429) : undefined),
  });
  void new Sockets(new Hono<AppEnv>(), { identify: (context) => context.var.session.user });
  // @ts-expect-error -- nothing was said of it
  void new Sockets(new Hono<AppEnv>(), { identify: (context) => context.var.session.surname as string });
  sockets.route("/", (ws) => {
    holds<Same<typeof ws.session, unknown>>();
  });
}

export function apps(): void {
  const chained = new Hono<AppEnv>()
    .basePath("/api")
    .get("/hello", (context) => context.text("hi"))
    .post("/users", (context) => context.json({ id: 1 }));
  holds<Same<typeof own, Sockets<AppEnv>>>();
  const own = new Sockets(chained);
  own.init(chained).init(new Hono<AppEnv>());
  const page = new Hono().get("/", (context) => context.html("<p>"));
  void new Sockets(page);
  // @ts-expect-error -- a router is no app
  void new Sockets({ fetch: () => new Response() });
}

export function natives(): void {
  const app = new Hono<AppEnv>();
  const own = new Sockets(app);
  const requireLogin = createMiddleware<AppEnv>(async (_context, next) => next());
  // Alone behind its path, Hono's types don't tell a handler which path it is.
  app.get(
    "/rooms/:id",
    own.upgrade((ws) => ws.send(ws.params["id"] ?? "")),
  );
  app.get(
    "/rooms/:id",
    own.upgrade<"/rooms/:id">((ws) => ws.send(ws.params.id)),
  );
  app.get(
    "/rooms/:id",
    requireLogin,
    own.upgrade((ws) => {
      holds<Same<typeof ws.session, Session>>();
      return ws.send(ws.params.id);
    }),
  );
  app.get(
    "/rooms/:id",
    requireLogin,
    own.upgrade((ws) => {
      // @ts-expect-error -- there is no such variable
      void ws.params.name;
    }),
  );
  const chat = new Blueprint<AppEnv>("chat");
  chat.route("/:id", (ws) => ws.send(ws.session.user + ws.params.id));
  own.register(chat);
}
