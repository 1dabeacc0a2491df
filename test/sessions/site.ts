/** What the suite knows of a session package, and what its sites have in common. */

import type { TestContext } from "node:test";
import type { Socket } from "jackfield";
import { deferred, type Log } from "../frameworks/clients.js";

/** A site that listens at 127.0.0.1, and is gone at the end of the test. */
export interface SessionSite {
  readonly port: number;
  readonly log: Log;
  readonly sockets: { readonly size: number };
}

export interface SessionSiteOptions {
  /** When sessions end by themselves, in milliseconds. @default that of the package */
  readonly lifetime?: number;
}

/** A session package on its framework. */
export interface SessionPackage {
  readonly name: string;
  /** Where its sessions are: in a store at the server, or whole in their cookies. */
  readonly keeps: "in a store" | "in the cookie";
  /** Whether the server itself tells when a session is too old. */
  readonly expires: boolean;
  /** What a handler that saves in vain is told, where the package has something to save with. */
  readonly vainSave?: string;
  /**
   * Starts a site: `POST /login` with a user's name, `POST /logout`, `POST /tell` which sends "news" to all sockets of
   * the session, `GET /me`, and sockets: `/live` and `/slow` for those who are logged in, and `/guest` whose middleware
   * logs anybody in as a guest.
   */
  readonly start: (t: TestContext, watch: Watch, options?: SessionSiteOptions) => Promise<SessionSite>;
}

/** What is sent to log in. The names of the fields are those of passport-local. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export const password = "open sesame";

export const secret = "a secret of at least 32 characters, as some packages want";

export const loginFirst = { error: "log in first" } as const;

/** Sees what a site's handlers do, and holds up what is to take its time. */
export class Watch {
  /** Whose handlers were called. */
  readonly users: unknown[] = [];
  /** What they got. */
  readonly messages: string[] = [];
  /** Settles when the middleware of `/slow` waits. */
  readonly held = deferred();
  /** Lets it go on, and handlers that got "wait". */
  readonly gate = deferred();

  /** For the middleware of `/slow`, which comes behind the session's. */
  async hold(): Promise<void> {
    this.held.resolve();
    await this.gate.promise;
  }

  /**
   * The handler of all sockets. It answers each message with what it knows.
   *
   * @param visit - counts a visit in the session, saves it if that can be done, and gives the new count
   */
  async serve(
    ws: Socket<unknown>,
    user: string | undefined,
    visit: () => number | Promise<number>,
  ): Promise<void> {
    this.users.push(user);
    await ws.sendJson({ user });
    for await (const message of ws) {
      this.messages.push(String(message));
      if (message === "wait") await this.gate.promise;
      if (message === "visit") await ws.sendJson(await outcome(visit));
      else await ws.send(message);
    }
  }
}

async function outcome(visit: () => number | Promise<number>): Promise<unknown> {
  try {
    return { visits: await visit() };
  } catch (error) {
    return { failed: (error as { readonly code?: unknown }).code };
  }
}
