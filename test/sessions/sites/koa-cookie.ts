/** koa-session without a store: the session is in the cookie, so it ends with the response. */
import Router from "@koa/router";
import Koa, { type Context, type Middleware } from "koa";
import createSession from "koa-session";
import { Sockets } from "jackfield/koa";
import { Log, served } from "../../frameworks/clients.js";
import type { SessionSite } from "../suite.js";

interface Data {
  user?: string;
  visits?: number;
  touched?: number;
  manuallyCommit(): Promise<void>;
}

const dataOf = (context: Context): Data => context["session"] as Data;

export const site: SessionSite = {
  name: "koa-session in the cookie",
  keeps: "nothing after the 101",
  start: async (t, { before } = {}) => {
    const log = new Log();
    const app = new Koa();
    app.keys = ["a secret"];
    app.use(createSession(app) as Middleware);
    const sockets = new Sockets(app, {
      logger: log,
      identify: (context) => dataOf(context).user,
      before: before ?? [],
    });
    const router = new Router();
    router.post("/login", (context) => {
      dataOf(context).user = String(context.query["user"]);
      context.body = { ok: true };
    });
    router.post("/logout", (context) => {
      sockets.of(String(dataOf(context).user)).close();
      context["session"] = null;
      context.body = { ok: true };
    });
    router.get("/me", (context) => {
      const { user, visits } = dataOf(context);
      context.body = { user, visits };
    });
    router.get(
      "/session",
      (context, next) => {
        const data = dataOf(context);
        if (data.user === undefined) {
          context.status = 401;
          context.body = { error: "log in first" };
          return undefined;
        }
        data.touched = Date.now();
        return next();
      },
      sockets.upgrade(async (ws) => {
        const data = dataOf(ws.request);
        await ws.sendJson({ user: data.user });
        for await (const _ of ws) {
          data.visits = (data.visits ?? 0) + 1;
          await data.manuallyCommit().catch(() => undefined); // there is no response to put the cookie on
          await ws.send("saved");
        }
      }),
    );
    app.use(router.routes());
    const server = app.listen(0, "127.0.0.1");
    return { port: await served(t, server), server, sockets, log };
  },
};
