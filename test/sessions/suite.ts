/** Sessions and log-in, on whatever keeps the sessions. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { BeforeHook } from "jackfield";
import type { Site } from "../contract/face.js";
import { logIn } from "../contract/rows/routes.js";
import { Client, bounded, deferred, until, upgradeAnswer } from "../frameworks/clients.js";

/** A site with /login, /logout, /me, and a socket at /session for those who are logged in. */
export interface SessionSite {
  /** The package that keeps the sessions. */
  readonly name: string;
  /** What the next HTTP request sees of that which the handler writes. */
  readonly keeps: "what session.save() stores" | "nothing after the 101";
  readonly start: (t: TestContext, options?: { readonly before?: BeforeHook }) => Promise<Site>;
}

async function connect(port: number, cookie: string, user: string): Promise<Client> {
  const client = await Client.connect(port, "/session", { headers: { Cookie: cookie } });
  assert.deepEqual(await client.nextJson(), { user });
  return client;
}

async function post(port: number, path: string, cookie: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { Cookie: cookie },
  });
  assert.equal(answer.status, 200);
}

export function sessionSuite({ name, keeps, start }: SessionSite): void {
  describe(`sessions by ${name}`, () => {
    test("F6: after log-in by fetch, the handler finds the user", bounded, async (t) => {
      const { port } = await start(t);
      await connect(port, await logIn(port, "ada"), "ada");
    });

    test("hostile 64: without a log-in, or with a forged cookie, the 401 arrives", bounded, async (t) => {
      const { port } = await start(t);
      const cookie = await logIn(port, "ada");
      const forged = cookie.replaceAll(
        /=([^;]+)/g,
        (_, value: string) => `=${[...value].toReversed().join("")}`,
      );
      for (const headers of [{}, { Cookie: forged }, { Cookie: "session=__proto__" }]) {
        const answer = await upgradeAnswer(port, "/session", headers);
        assert.deepEqual([answer.status, JSON.parse(answer.body)], [401, { error: "log in first" }]);
      }
    });

    test("N5: the session's own cookie is on the 101", bounded, async (t) => {
      const { port } = await start(t);
      const headers = { Cookie: await logIn(port, "ada") };
      const answer = await upgradeAnswer(port, "/session", headers);
      assert.equal(answer.status, 101);
      assert.match(String(answer.headers["set-cookie"]), /httponly/i);
    });

    test(`F6: the next HTTP request sees ${keeps}`, bounded, async (t) => {
      const { port, log } = await start(t);
      const cookie = await logIn(port, "ada");
      const client = await connect(port, cookie, "ada");
      client.send("visit");
      assert.equal(await client.next(), "saved");
      const me = await fetch(`http://127.0.0.1:${port}/me`, { headers: { Cookie: cookie } });
      const visits = keeps === "nothing after the 101" ? {} : { visits: 1 };
      assert.deepEqual(await me.json(), { user: "ada", ...visits });
      assert.deepEqual(log.errors, []);
    });

    test("hostile 65: log-out closes all sockets of the session, and no other", bounded, async (t) => {
      const { port, sockets } = await start(t);
      const [ada, bob] = [await logIn(port, "ada"), await logIn(port, "bob")];
      const one = await connect(port, ada, "ada");
      const two = await connect(port, ada, "ada");
      const other = await connect(port, bob, "bob");
      assert.equal(sockets.of("ada").size, 2);
      await sockets.of("ada").send("only for ada");
      assert.deepEqual([await one.next(), await two.next()], ["only for ada", "only for ada"]);
      await post(port, "/logout", ada);
      for (const client of [one, two])
        assert.deepEqual(await client.closed, { code: 4401, reason: "logged out" });
      other.send("visit");
      assert.equal(await other.next(), "saved");
      assert.equal(sockets.of("ada").size, 0);
    });

    test("hostile 65: an upgrade that was under way at the log-out ends too", bounded, async (t) => {
      const reached = deferred();
      const gate = deferred();
      const before: BeforeHook = async () => {
        reached.resolve();
        await gate.promise;
      };
      const { port, sockets } = await start(t, { before });
      const cookie = await logIn(port, "ada");
      const connecting = Client.connect(port, "/session", { headers: { Cookie: cookie } });
      await reached.promise;
      await post(port, "/logout", cookie);
      gate.resolve();
      const client = await connecting;
      assert.deepEqual(await client.closed, { code: 4401, reason: "logged out" });
      await until(() => sockets.size === 0);
    });
  });
}
