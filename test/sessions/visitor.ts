/** Someone with a browser: keeps cookies, logs in and out by fetch, and opens sockets. */

import assert from "node:assert/strict";
import { Client, upgradeAnswer, type Answer } from "../frameworks/clients.js";
import { password } from "./site.js";

export class Visitor {
  readonly #port: number;
  readonly #cookies = new Map<string, string>();

  private constructor(port: number) {
    this.#port = port;
  }

  /** Somebody without cookies. */
  static stranger(port: number): Visitor {
    return new Visitor(port);
  }

  /** Logs in, and sees that no script of a page could read the cookie. */
  static async loggedIn(port: number, username: string): Promise<Visitor> {
    const visitor = Visitor.stranger(port);
    const answer = await visitor.fetch("POST", "/login", { username, password });
    assert.deepEqual([answer.status, await answer.json()], [200, { ok: true }]);
    const cookies = answer.headers.getSetCookie();
    assert.ok(cookies.length > 0);
    for (const cookie of cookies) assert.match(cookie, /;\s*httponly/i);
    return visitor;
  }

  /** The header field. */
  get cookie(): string {
    return Array.from(this.#cookies, (each) => each.join("=")).join("; ");
  }

  /** The same with one letter changed in each value. */
  get forgedCookie(): string {
    return Array.from(this.#cookies, ([name, value]) => {
      const changed = value.charAt(12) === "A" ? "B" : "A";
      return `${name}=${value.slice(0, 12)}${changed}${value.slice(13)}`;
    }).join("; ");
  }

  async fetch(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { Cookie: this.cookie };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    this.keep(answer.headers.getSetCookie());
    return answer;
  }

  /** What a page of the site says. */
  async me(): Promise<unknown> {
    const answer = await this.fetch("GET", "/me");
    return answer.status === 200 ? answer.json() : answer.status;
  }

  async logOut(): Promise<void> {
    const answer = await this.fetch("POST", "/logout");
    assert.deepEqual([answer.status, await answer.json()], [200, { ok: true }]);
  }

  /** Opens a socket and keeps the cookies of its 101. */
  async connect(path: string): Promise<Client> {
    const client = await Client.connect(this.#port, path, { headers: { Cookie: this.cookie } });
    this.keep(client.headers["set-cookie"] ?? []);
    return client;
  }

  /** Asks for a socket, and gets what may be none. */
  upgrade(path: string, cookie = this.cookie): Promise<Answer> {
    return upgradeAnswer(this.#port, path, { Cookie: cookie });
  }

  /** As browsers do: the last one of a name counts, and one that is over is dropped. */
  keep(cookies: readonly string[]): void {
    for (const cookie of cookies) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      const [, expires] = /;\s*expires=([^;]+)/i.exec(cookie) ?? [];
      const isOver = value === "" || (expires !== undefined && Date.parse(expires) <= 0);
      if (isOver) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}
