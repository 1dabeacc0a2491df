/** cookie-session: the session is in the cookie, so it ends with the response. */
import cookieSession from "cookie-session";
import express, { type Request } from "express";
import { Sockets } from "jackfield/express";
import { Log, served } from "../../frameworks/clients.js";
import type { SessionSite } from "../suite.js";

/** What is in the cookie. */
interface Data {
  user?: string;
  visits?: number;
  touched?: number;
}

// Not by declaration merging, as express-session has the same place on the request.
const dataOf = (request: Request): Data => request.session as unknown as Data;

export const site: SessionSite = {
  name: "cookie-session",
  keeps: "nothing after the 101",
  start: async (t, { before } = {}) => {
    const log = new Log();
    const app = express();
    app.use(cookieSession({ keys: ["a secret"] }));
    app.post("/login", (request, response) => {
      dataOf(request).user = String(request.query["user"]);
      response.json({ ok: true });
    });
    app.post("/logout", (request, response) => {
      sockets.of(String(dataOf(request).user)).close();
      Object.assign(request, { session: null });
      response.json({ ok: true });
    });
    app.get("/me", (request, response) => {
      const { user, visits } = dataOf(request);
      response.json({ user, visits });
    });
    app.use("/session", (request, response, next) => {
      const data = dataOf(request);
      data.touched = Date.now();
      if (data.user === undefined) response.status(401).json({ error: "log in first" });
      else next();
    });
    const sockets = new Sockets(app, {
      logger: log,
      identify: (request) => dataOf(request).user,
      before: before ?? [],
    });
    sockets.route("/session", async (ws) => {
      const data = dataOf(ws.request);
      await ws.sendJson({ user: data.user });
      for await (const _ of ws) {
        data.visits = (data.visits ?? 0) + 1;
        await ws.send("saved");
      }
    });
    const server = app.listen(0, "127.0.0.1");
    return { port: await served(t, server), server, sockets, log };
  },
};
