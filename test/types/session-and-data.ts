/** What an application adds to the types: its session and what it keeps on a socket. */

import type { Session, SessionData as ExpressSessionData } from "express-session";
import type { Sockets, Socket, SocketData } from "jackfield";
import type { Sockets as ExpressSockets } from "jackfield/express";
import { holds, type Same } from "./assert-type.js";

declare module "express-session" {
  interface SessionData {
    nickname: string;
  }
}

declare module "jackfield" {
  interface SocketData {
    typed?: { readonly since: Date };
  }
}

declare const express: ExpressSockets;
declare const http: Sockets;

function data(ws: Socket<unknown>): void {
  holds<Same<typeof ws.data, SocketData>>();
  holds<Same<typeof ws.data.typed, { readonly since: Date } | undefined>>();
  holds<Same<(typeof ws.data)["anything else"], unknown>>();
  ws.data.typed = { since: new Date() };
  ws.data["own"] = 5;
  // @ts-expect-error -- said to be something else
  ws.data.typed = 5;
  // @ts-expect-error -- what is kept in it changes, not it
  ws.data = {};
}

export function sessionAndData(): void {
  express.route("/", (ws) => {
    holds<Same<typeof ws.session, Session & Partial<ExpressSessionData>>>();
    holds<Same<typeof ws.session.nickname, string | undefined>>();
    holds<Same<typeof ws.request.session.nickname, string | undefined>>();
    ws.session.nickname = "ada";
    ws.session.save();
    // @ts-expect-error -- a name is a string
    ws.session.nickname = 5;
    // @ts-expect-error -- nothing was said of it
    void ws.session.surname;
  });

  http.route("/", (ws) => {
    // Nothing is known of the sessions of a server without a framework.
    holds<Same<typeof ws.session, unknown>>();
  });

  express.route("/data", data);
  http.route("/data", data);
}
