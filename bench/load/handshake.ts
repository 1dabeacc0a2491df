/**
 * The handshake load: a visitor who is logged in connects, again and again, and leaves at once.
 */

import { Connection } from "./connection.js";
import type { HandshakePlan, Load } from "./plan.js";

/** What `/login` puts into the session, and `/visitor` sends. */
export const VISITOR = "visitor 7";

/**
 * Logs in, and proves that the sockets of the server know the session, before the handshakes begin.
 */
export async function startHandshakes(plan: HandshakePlan, fail: (error: Error) => void): Promise<Load> {
  const headers = [`Cookie: ${await logIn(plan.port)}`];
  await expectVisitor(plan, headers);
  const load = new HandshakeLoad(plan, headers, fail);
  load.start();
  return load;
}

class HandshakeLoad implements Load {
  readonly #plan: HandshakePlan;
  readonly #headers: readonly string[];
  readonly #fail: (error: Error) => void;
  #handshakes = 0;
  #isClosed = false;

  constructor(plan: HandshakePlan, headers: readonly string[], fail: (error: Error) => void) {
    this.#plan = plan;
    this.#headers = headers;
    this.#fail = fail;
  }

  start(): void {
    for (let each = 0; each < this.#plan.connections; each++) this.#comeAndGo().catch(this.#fail);
  }

  messages(): number {
    return this.#handshakes;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #comeAndGo(): Promise<void> {
    const { port } = this.#plan;
    while (!this.#isClosed) {
      const connection = await Connection.open({
        port,
        path: "/silent",
        headers: this.#headers,
        onFailure: this.#fail,
      });
      connection.close();
      this.#handshakes++;
    }
  }
}

/** @returns the session's cookie */
async function logIn(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/login`, { headers: { Connection: "close" } });
  const cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0];
  if (cookie === undefined) throw new Error(`expected a cookie of /login, came none (${answer.status})`);
  return cookie;
}

async function expectVisitor({ port }: HandshakePlan, headers: readonly string[]): Promise<void> {
  // What breaks it is thrown by what waits for it.
  const connection = await Connection.open({ port, path: "/visitor", headers, onFailure: () => undefined });
  const frame = await connection.nextFrame();
  connection.close();
  const name = frame.payload.toString();
  if (name !== VISITOR) throw new Error(`expected the session of "${VISITOR}", came "${name.slice(0, 40)}"`);
}
