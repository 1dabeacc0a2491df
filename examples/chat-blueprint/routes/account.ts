/** Logging in and out, by fetch. */
import { randomUUID } from "node:crypto";
import { Router, json } from "express";
import { sockets } from "../sockets.js";

/** Who knows it is a moderator. */
export const moderatorKey = process.env["MODERATOR_KEY"] ?? randomUUID().slice(0, 8);

export const account = Router();

account.post("/log-in", json(), (request, response, next) => {
  const { name, key } = (request.body ?? {}) as { readonly name?: unknown; readonly key?: unknown };
  if (typeof name !== "string" || !/^[\p{L}\p{N}][\p{L}\p{M}\p{N} .'-]{0,19}$/u.test(name)) {
    response.status(400).json({ error: "A name has 1 to 20 letters, digits, spaces, dots, hyphens." });
    return;
  }
  if (key !== undefined && key !== "" && key !== moderatorKey) {
    response.status(403).json({ error: "This is not the moderators' key." });
    return;
  }
  // A new id, lest somebody else knows the one from before the log-in.
  request.session.regenerate((error) => {
    if (error !== null && error !== undefined) return next(error);
    request.session.member = { name, isModerator: key === moderatorKey };
    response.json(request.session.member);
  });
});

account.get("/me", (request, response) => {
  const { member } = request.session;
  if (member === undefined) response.status(401).json({ error: "You are not logged in." });
  else response.json(member);
});

account.post("/log-out", (request, response, next) => {
  const { sessionID } = request;
  request.session.destroy((error) => {
    if (error !== null && error !== undefined) return next(error);
    void sockets.of(sessionID).close(); // with 4401
    response.status(204).end();
  });
});
