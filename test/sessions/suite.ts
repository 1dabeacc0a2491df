/** What every session package must do with sockets. */

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { RawClient, bounded, clientFrame, until, upgradeAnswer, upgradeText } from "../frameworks/clients.js";
import { loginFirst, Watch, type SessionPackage, type SessionSite, type SessionSiteOptions } from "./site.js";
import { Visitor } from "./visitor.js";

const loggedOut = { code: 4401, reason: "logged out" } as const;

interface Visited extends SessionSite {
  readonly watch: Watch;
}

async function visited(
  t: TestContext,
  { start }: SessionPackage,
  options?: SessionSiteOptions,
): Promise<Visited> {
  const watch = new Watch();
  t.after(() => watch.gate.resolve());
  return { ...(await start(t, watch, options)), watch };
}

export function suite(sessions: SessionPackage): void {
  describe(sessions.name, () => {
    describeLogIn(sessions);
    describeEnd(sessions);
    describeSaving(sessions);
    describeLogOut(sessions);
  });
}

function describeLogIn(sessions: SessionPackage): void {
  test("F6: after a log-in by fetch, the handler finds the user in its session", bounded, async (t) => {
    const { port, log } = await visited(t, sessions);
    const ada = await Visitor.loggedIn(port, "ada");
    const bob = await Visitor.loggedIn(port, "bob");
    for (const [visitor, user] of [
      [ada, "ada"],
      [bob, "bob"],
    ] as const) {
      const client = await visitor.connect("/live");
      assert.deepEqual(await client.nextJson(), { user });
      await client.echo("hi");
      await client.close();
    }
    assert.deepEqual(log.errors, []);
  });

  test("N4: without a log-in, the middleware's 401 arrives with its body", bounded, async (t) => {
    const { port, watch } = await visited(t, sessions);
    const answer = await upgradeAnswer(port, "/live");
    assert.equal(answer.status, 401);
    assert.match(answer.headers["content-type"] ?? "", /^application\/json/);
    assert.deepEqual(JSON.parse(answer.body), loginFirst);
    assert.deepEqual(watch.users, []);
  });

  test("hostile 64: a forged cookie is none", bounded, async (t) => {
    const { port, watch } = await visited(t, sessions);
    const ada = await Visitor.loggedIn(port, "ada");
    for (const forged of [ada.forgedCookie, ada.cookie.replaceAll(/=[^;]+/g, "=__proto__")]) {
      const answer = await ada.upgrade("/live", forged);
      assert.deepEqual([answer.status, JSON.parse(answer.body)], [401, loginFirst]);
    }
    assert.deepEqual(watch.users, []);
    assert.equal((await ada.upgrade("/live")).status, 101);
  });
}

function describeEnd(sessions: SessionPackage): void {
  if (!sessions.expires) {
    test("hostile 64: that a session is over, only the browser knows", bounded, async (t) => {
      const { port } = await visited(t, sessions, { lifetime: 1 });
      const ada = await Visitor.loggedIn(port, "ada");
      const end = Date.now() + 1;
      await until(() => Date.now() > end);
      assert.equal((await ada.upgrade("/live")).status, 101);
    });
    return;
  }
  test("hostile 64: a session that is over is none", bounded, async (t) => {
    const { port } = await visited(t, sessions, { lifetime: 1 });
    const ada = await Visitor.loggedIn(port, "ada");
    const { cookie } = ada;
    let last = await ada.upgrade("/live", cookie);
    // Those came in time, and each may have renewed it.
    for (let end = Date.now() + 1; last.status === 101; end = Date.now() + 1) {
      await until(() => Date.now() > end);
      last = await ada.upgrade("/live", cookie);
    }
    assert.deepEqual([last.status, JSON.parse(last.body)], [401, loginFirst]);
  });
}

function describeSaving(sessions: SessionPackage): void {
  test("N5: what middleware sets before the 101 is on it: cookies, and the session", bounded, async (t) => {
    const { port } = await visited(t, sessions);
    const ada = await Visitor.loggedIn(port, "ada");
    const client = await ada.connect("/live");
    const cookies = client.headers["set-cookie"] ?? [];
    assert.ok(cookies.some((cookie) => cookie.startsWith("seen=yes")));
    // The middleware has counted the visit.
    assert.deepEqual(await ada.me(), { user: "ada", visits: 1 });
  });

  test("N5: the cookie of a session that is made at the upgrade is on the 101", bounded, async (t) => {
    const { port, log } = await visited(t, sessions);
    const guest = Visitor.stranger(port);
    const client = await guest.connect("/guest");
    assert.deepEqual(await client.nextJson(), { user: "guest" });
    assert.ok(client.headers["set-cookie"]?.some((cookie) => /;\s*httponly/i.test(cookie)));
    assert.deepEqual(await guest.me(), { user: "guest", visits: 1 });
    assert.deepEqual(log.errors, []);
  });

  if (sessions.keeps === "in a store") {
    test(
      "F6: what the handler saves is seen by the next request, and by other sockets",
      bounded,
      async (t) => {
        const { port, log } = await visited(t, sessions);
        const ada = await Visitor.loggedIn(port, "ada");
        const client = await ada.connect("/live");
        await client.nextJson();
        for (const visits of [2, 3]) {
          client.send("visit");
          assert.deepEqual(await client.nextJson(), { visits });
          assert.deepEqual(await ada.me(), { user: "ada", visits });
        }
        const next = await ada.connect("/live"); // whose middleware counts too
        await next.nextJson();
        next.send("visit");
        assert.deepEqual(await next.nextJson(), { visits: 5 });
        await client.echo("hi");
        assert.deepEqual(log.errors, []);
      },
    );
    return;
  }
  test("what the handler changes stays with it: no cookie can follow a 101", bounded, async (t) => {
    const { port, log } = await visited(t, sessions);
    const ada = await Visitor.loggedIn(port, "ada");
    const client = await ada.connect("/live");
    await client.nextJson();
    for (const visits of [2, 3]) {
      client.send("visit");
      const { vainSave: failed } = sessions;
      assert.deepEqual(await client.nextJson(), failed === undefined ? { visits } : { failed });
      assert.deepEqual(await ada.me(), { user: "ada", visits: 1 });
    }
    await client.echo("hi");
    assert.deepEqual(log.errors, []);
  });
}

function describeLogOut(sessions: SessionPackage): void {
  test("an HTTP handler sends to all sockets of its session, and to no other's", bounded, async (t) => {
    const { port } = await visited(t, sessions);
    const ada = await Visitor.loggedIn(port, "ada");
    const bob = await Visitor.loggedIn(port, "bob");
    const clients = [await ada.connect("/live"), await ada.connect("/live")];
    const other = await bob.connect("/live");
    for (const client of [...clients, other]) await client.nextJson();
    assert.equal((await ada.fetch("POST", "/tell")).status, 200);
    for (const client of clients) assert.equal(await client.next(), "news");
    await other.echo("no news");
  });

  test("F6, hostile 65: a log-out closes all sockets of the session, and no other's", bounded, async (t) => {
    const { port, sockets, log } = await visited(t, sessions);
    const ada = await Visitor.loggedIn(port, "ada");
    const bob = await Visitor.loggedIn(port, "bob");
    const clients = [await ada.connect("/live"), await ada.connect("/live")];
    const other = await bob.connect("/live");
    for (const client of [...clients, other]) await client.nextJson();
    const { cookie } = ada;
    await ada.logOut();
    for (const client of clients) assert.deepEqual(await client.closed, loggedOut);
    await other.echo("still here");
    await until(() => sockets.size === 1);
    assert.equal((await ada.upgrade("/live")).status, 401);
    // A cookie that is the session itself can't be taken back from one who has copied it.
    assert.equal((await ada.upgrade("/live", cookie)).status, sessions.keeps === "in a store" ? 401 : 101);
    assert.deepEqual(log.errors, []);
  });

  test("N5: nothing that one who was logged out has sent or sends is handled", bounded, async (t) => {
    const { port, sockets, watch, log } = await visited(t, sessions);
    const ada = await Visitor.loggedIn(port, "ada");
    const client = new RawClient(port).write(upgradeText("/live", `Cookie: ${ada.cookie}\r\n`));
    await client.until('{"user":"ada"}');
    client.write(Buffer.concat([clientFrame("wait"), clientFrame("waiting")]));
    await until(() => watch.messages.includes("wait"));
    await ada.logOut();
    client.write(clientFrame("late"));
    await client.until("logged out");
    watch.gate.resolve();
    client.write(clientFrame("later"));
    client.write(clientFrame(Buffer.from([0x11, 0x31]), 8)); // 4401, in answer
    await client.closed;
    await until(() => sockets.size === 0);
    assert.deepEqual(watch.messages, ["wait"]);
    assert.deepEqual(log.errors, []);
  });

  test("hostile 65: nor does an upgrade that was under way get through", bounded, async (t) => {
    const { port, sockets, watch, log } = await visited(t, sessions);
    const ada = await Visitor.loggedIn(port, "ada");
    const { cookie } = ada;
    const connecting = ada.connect("/slow");
    await watch.held.promise;
    await ada.logOut();
    watch.gate.resolve();
    assert.deepEqual(await (await connecting).closed, loggedOut);
    await until(() => sockets.size === 0);
    assert.deepEqual(watch.users, []);
    // Nor has it brought the session back to life.
    if (sessions.keeps === "in a store") assert.equal((await ada.upgrade("/live", cookie)).status, 401);
    assert.deepEqual(log.errors, []);
    // Whoever logs in again comes in.
    const again = await (await Visitor.loggedIn(port, "ada")).connect("/slow");
    assert.deepEqual(await again.nextJson(), { user: "ada" });
  });
}
