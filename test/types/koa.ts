/** Koa's types: contexts with state of one's own, `@koa/router`. */

import { Router } from "@koa/router";
import Koa, { type Context, type ParameterizedContext } from "koa";
import { Sockets } from "jackfield/koa";
import { holds, type Same } from "./assert-type.js";

interface State {
  readonly user: { readonly name: string };
}
interface Custom {
  readonly database: { find(id: string): Promise<string> };
}

declare module "koa" {
  interface DefaultContext {
    readonly tenant?: string;
  }
}

declare const sockets: Sockets;

export function apps(): void {
  void new Sockets(new Koa());
  void new Sockets(new Koa<State>());
  void new Sockets(new Koa<State, Custom>()).init(new Koa<State, Custom>());
  // @ts-expect-error -- a router is no app
  void new Sockets(new Router());
}

export function paths(): void {
  sockets.route("/rooms/:id{/:page}", (ws) => {
    holds<Same<typeof ws.params, { readonly id: string; readonly page?: string }>>();
    const context: Context = ws.request;
    void context;
    holds<Same<typeof ws.request, ParameterizedContext>>();
    holds<Same<typeof ws.request.tenant, string | undefined>>();
    // @ts-expect-error -- there is no such variable
    void ws.params.name;
  });
  sockets.route("/files/*path", (ws) => {
    holds<Same<typeof ws.params.path, string[]>>();
  });
}

export function typedContexts(): void {
  const own = new Sockets(new Koa<State, Custom>());
  own.route("/rooms/:id", async (ws) => {
    holds<Same<typeof ws.request.state.user.name, string>>();
    await ws.send(await ws.request.database.find(ws.params.id));
    // @ts-expect-error -- nothing was said of it
    void ws.request.state.user.surname;
  });
  own.route("/", () => undefined, {
    before: ({ state }) => (state.user.name === "ada" ? undefined : new Response(null, { status: 403 })),
  });
  void new Sockets(new Koa<State, Custom>(), { identify: ({ state }) => state.user.name });
  // @ts-expect-error -- nothing was said of it
  void new Sockets(new Koa<State, Custom>(), { identify: ({ state }) => state.user.surname as string });
}

export function natives(): void {
  const router = new Router();
  router.get(
    "/rooms/:id",
    sockets.upgrade((ws) => ws.send(String(ws.params["id"]))),
  );
  router.get(
    "/rooms/:id",
    async (context, next) => {
      context.state["seen"] = true;
      await next();
    },
    sockets.upgrade<{ readonly id: string }>((ws) => ws.send(ws.params.id)),
  );
  const typed = new Router<State, Custom>();
  const own = new Sockets(new Koa<State, Custom>());
  typed.get(
    "/rooms/:id",
    own.upgrade((ws) => ws.send(ws.request.state.user.name)),
  );
  new Koa<State, Custom>().use(own.upgrade((ws) => ws.send("hi")));
  new Koa().use(sockets.upgrade((ws) => ws.send("hi")));
}
