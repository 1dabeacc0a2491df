/** The tools that watch requests, as their documentation has them set up: they see an upgrade as any request. */

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Client, upgradeAnswer } from "../frameworks/clients.js";
import { frameworks, type FrameworkName } from "./site.js";

const bounded = { timeout: 60_000 } as const;

function url(name: string): string {
  return new URL(name, import.meta.url).href;
}

class WatchedServer {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(t: TestContext, tool: string, framework: FrameworkName): Promise<WatchedServer> {
    const child = fork(fileURLToPath(url("watched-server.js")), [framework], {
      execArgv: ["--no-warnings", "--import", url(`with-${tool}.js`)],
    });
    t.after(() => child.kill("SIGKILL"));
    const [port] = (await once(child, "message")) as [number];
    return new WatchedServer(child, port);
  }

  async ask<Answer>(order: string): Promise<Answer> {
    this.#child.send(order);
    const [answer] = (await once(this.#child, "message")) as [Answer];
    return answer;
  }
}

async function asks(client: Client, message: string): Promise<string> {
  client.send(message);
  return String(await client.next());
}

interface SentryReports {
  readonly errors: readonly { readonly user?: string; readonly message: string }[];
  readonly transactions: readonly { readonly transaction: string; readonly status: number }[];
}

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly path?: string;
  readonly status?: number;
}

const SERVER_SPAN = 1;

for (const framework of frameworks.filter((name) => !name.includes("TLS"))) {
  describe(`hostile 85, 86: with an app of ${framework}`, bounded, () => {
    test("Sentry keeps apart what it knows of each socket's user, and has each upgrade as a transaction", async (t) => {
      const server = await WatchedServer.start(t, "sentry", framework);
      const clients = new Map<string, Client>();
      for (const user of ["ada", "bob"])
        clients.set(user, await Client.connect(server.port, `/?user=${user}`)); // the very first request is an upgrade
      for (const [user, client] of clients) assert.equal(await asks(client, "fail"), user);
      assert.equal((await upgradeAnswer(server.port, "/nowhere?user=eve")).status, 404);
      await server.ask("outside");
      for (const client of clients.values()) await client.close();
      const [reports] = await server.ask<[SentryReports]>("all");
      const users = Object.fromEntries(reports.errors.map(({ message, user }) => [message, user]));
      assert.deepEqual(users, {
        "of ada": "ada",
        "of bob": "bob",
        "at the end of ada": "ada",
        "at the end of bob": "bob",
        outside: undefined,
      });
      const statuses = reports.transactions.map(({ status }) => status);
      assert.deepEqual(statuses.filter((status) => status === 101).length, 2);
    });

    test("OpenTelemetry has one span for each upgrade, in which its socket is called", async (t) => {
      const server = await WatchedServer.start(t, "opentelemetry", framework);
      const ada = await Client.connect(server.port, "/?user=ada");
      const bob = await Client.connect(server.port, "/?user=bob");
      const traces = [await asks(ada, "?"), await asks(bob, "?")];
      assert.equal((await upgradeAnswer(server.port, "/nowhere")).status, 404);
      assert.deepEqual([await asks(ada, "?"), await asks(bob, "?")], traces);
      assert.notEqual(traces[0], traces[1]);
      assert.match(String(traces[0]), /^[0-9a-f]{32}$/);
      const spans = await server.ask<readonly Span[]>("all");
      const statuses = spans.filter(({ kind }) => kind === SERVER_SPAN).map(({ status }) => status);
      assert.deepEqual(statuses, [101, 101, 404]);
    });
  });
}
