/** An application that is restarted behind a proxy, by `jackfield run`. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Command, app } from "../cli/command.js";
import { Client, upgradeAnswer, type Closed } from "../frameworks/clients.js";
import { freePort } from "../services/ports.js";
import { skip } from "../services/services.js";
import { Proxy, proxies, type ProxyName } from "./proxy.js";

const bounded = { timeout: 50_000 } as const;

/** Runs the application at a port that doesn't change, as it is in the configuration of the proxy. */
async function run(t: TestContext, port: number, ...args: readonly string[]): Promise<Command> {
  const command = new Command(t, ["run", app("who"), "--port", String(port), ...args]);
  await command.says(/ at \S+\n/);
  return command;
}

/** Asks for a socket until the answer is another one. */
async function answerOtherThan(port: number, status: number): Promise<number> {
  for (;;) {
    const answer = await upgradeAnswer(port, "/who");
    if (answer.status !== status) return answer.status;
  }
}

/** Comes and goes, with a few others, until it is told to stop. @returns how each visit ended, or why it didn't begin */
function visit(port: number, signal: AbortSignal): Promise<readonly (Closed | Error)[]> {
  const comeAndGo = async (): Promise<(Closed | Error)[]> => {
    const visits: (Closed | Error)[] = [];
    while (!signal.aborted) {
      const client = await Client.connect(port, "/who").catch((error: unknown) => error as Error);
      visits.push(client instanceof Error ? client : await client.close(1000));
    }
    return visits;
  };
  return Promise.all(Array.from({ length: 4 }, comeAndGo)).then((all) => all.flat());
}

for (const [name, { service, statusWithoutApp }] of Object.entries(proxies)) {
  describe(`an application behind ${service.name}`, { skip: skip(service) }, () => {
    test("tells its sockets when it ends, and is found again when it is back", bounded, async (t) => {
      const appPort = await freePort();
      const first = await run(t, appPort);
      const { port, securePort } = await Proxy.start(t, name as ProxyName, { upstream: appPort });
      const clients = await Promise.all([
        Client.connect(port, "/who"),
        Client.connect(`wss://127.0.0.1:${securePort}`, "/who", { rejectUnauthorized: false }),
      ]);
      first.kill("SIGTERM");
      for (const { closed } of clients)
        assert.deepEqual(await closed, { code: 1001, reason: "the server goes down" });
      assert.deepEqual(await first.ended, { code: 0, signal: null });
      assert.equal((await upgradeAnswer(port, "/who")).status, statusWithoutApp);

      const second = await run(t, appPort);
      assert.equal(await answerOtherThan(port, statusWithoutApp), 101);
      const client = await Client.connect(port, "/who");
      assert.equal(await client.next(), String(second.child.pid));
      await client.echo("here again");
    });

    test("hostile 71: is renewed worker by worker, and refuses nobody", bounded, async (t) => {
      const appPort = await freePort();
      const command = await run(t, appPort, "--workers", "2");
      const { port } = await Proxy.start(t, name as ProxyName, { upstream: appPort });
      const open = await Client.connect(port, "/who");
      const before = await open.next();
      const renewal = new AbortController();
      const visits = visit(port, renewal.signal);
      command.kill("SIGHUP");
      await command.says(/has renewed the workers/);
      renewal.abort();

      const refused = (await visits).filter((each) => each instanceof Error);
      assert.deepEqual(refused, []);
      assert.equal((await open.closed).code, 1001);
      const after = await Client.connect(port, "/who");
      assert.notEqual(await after.next(), before);
    });
  });
}
