/** Sessions, and who is logged in by them. */
import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import session from "express-session";

export interface Member {
  readonly name: string;
  readonly isModerator: boolean;
}

declare module "express-session" {
  interface SessionData {
    member: Member;
  }
}

// Kept in the memory, so that they end with the process: an application with users has a store, and a lasting secret.
export const sessions: RequestHandler = session({
  secret: process.env["SESSION_SECRET"] ?? randomUUID(),
  resave: false,
  saveUninitialized: false,
  cookie: { httpOnly: true, sameSite: "lax" },
});
