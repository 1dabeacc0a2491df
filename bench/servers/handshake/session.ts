/**
 * The session that all servers of handshakes have: express-session, with its store in memory.
 */

import type { RequestHandler } from "express";
import expressSession from "express-session";
import { VISITOR } from "../../load/handshake.js";

declare module "express-session" {
  interface SessionData {
    visitor: string;
  }
}

export const session: RequestHandler = expressSession({
  secret: "bench",
  resave: false,
  saveUninitialized: false,
});

/** Begins a session. */
export const logIn: RequestHandler = (request, response) => {
  request.session.visitor = VISITOR;
  response.send("Hello!");
};
