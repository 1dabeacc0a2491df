/** Brings the parts together: sessions, the page, its forms, and the sockets. */
import { randomUUID } from "node:crypto";
import express from "express";
import session from "express-session";
import { Sockets } from "jackfield/express";
import { folderOf, sharedFolder } from "../shared/folders.js";
import { forms } from "./forms.js";
import { answer } from "./messages.js";

/** @param pause - how long a step of the long work takes, in milliseconds */
export function createApp({ pause = 1_000 } = {}) {
  const app = express();
  app.set("view engine", "ejs");
  app.set("views", folderOf("on-message/views"));

  app.use(express.static(folderOf("on-message/public")));
  app.use(express.static(sharedFolder));
  app.use(
    session({ secret: randomUUID(), resave: false, saveUninitialized: true, cookie: { sameSite: "lax" } }),
  );

  // Behind the sessions: whose socket it is, is whose session it is.
  const sockets = new Sockets(app, {
    endpoint: "/ws",
    matchOne: true,
    identify: (request) => request.sessionID,
  });
  answer(sockets, pause);
  app.use(forms(sockets));

  app.get("/", (request, response) => {
    response.render("page", { request, urlFor: sockets.urlFor });
  });

  return { app, sockets };
}
