import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client, bounded, upgradeAnswer } from "../frameworks/clients.js";
import { compileRecipe, platforms, startRecipe, terminate, type Started } from "./recipe.js";

const slow = { timeout: 60_000 } as const; // it compiles

/** Logs a user in, and gives the headers of the session. */
async function logIn(port: number, name: string): Promise<Record<string, string>> {
  const response = await fetch(`http://127.0.0.1:${port}/account/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });
  assert.equal(response.status, 204);
  const [cookie = ""] = response.headers.getSetCookie();
  assert.match(cookie, /; HttpOnly/);
  return { Cookie: cookie.split(";", 1)[0] ?? "" };
}

async function get(port: number, path: string, headers = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: response.status, body: await response.json() };
}

async function refusal(port: number, path: string, headers = {}): Promise<{ status: number; body: unknown }> {
  const { status, body } = await upgradeAnswer(port, path, headers);
  return { status, body: JSON.parse(body) };
}

for (const platform of platforms) {
  describe(`the application of docs/nestjs.md on ${platform}`, () => {
    let main = "";
    let app: Started | undefined;
    let port = 0;
    before(async () => {
      main = await compileRecipe(platform);
      app = await startRecipe(main);
      ({ port } = app);
    }, slow);
    after(() => app?.child.kill("SIGKILL"));

    test("a route echoes with an injected service, and finds the session", bounded, async () => {
      const headers = await logIn(port, "ada");
      const client = await Client.connect(port, "/rooms/7", { headers });
      client.send("hello");
      assert.equal(await client.next(), "ada: hello");
      const other = await Client.connect(port, "/rooms/8", { headers });
      other.send("elsewhere");
      assert.equal(await other.next(), "ada: elsewhere");
      client.send("again");
      assert.equal(await client.next(), "ada: again");
    });

    test("a hook refuses over HTTP, with its own JSON or with an exception of Nest", bounded, async () => {
      assert.deepEqual(await refusal(port, "/rooms/7"), { status: 401, body: { error: "log in first" } });
      assert.deepEqual(await refusal(port, "/rooms/attic", await logIn(port, "ada")), {
        status: 404,
        body: { statusCode: 404, message: "There is no such room.", error: "Not Found" },
      });
    });

    test("a guard of a controller refuses, or lets through to a native handler", bounded, async () => {
      assert.deepEqual(await refusal(port, "/feeds/news"), {
        status: 401,
        body: { statusCode: 401, message: "Log in first.", error: "Unauthorized" },
      });
      const headers = await logIn(port, "ada");
      const client = await Client.connect(port, "/feeds/news", { headers });
      assert.equal(await client.next(), "ada: news");
      await client.echo("hello");
      const plain = await fetch(`http://127.0.0.1:${port}/feeds/news`, { headers });
      assert.equal(plain.status, platform === "Express" ? 404 : 426);
    });

    test("Nest's middleware runs before both, and what it sets is on the 101", bounded, async () => {
      const headers = await logIn(port, "ada");
      for (const path of ["/rooms/7", "/feeds/news"]) {
        const client = await Client.connect(port, path, { headers });
        assert.equal(client.headers["x-served-by"], "nest");
        assert.equal((await upgradeAnswer(port, path)).headers["x-served-by"], "nest");
      }
    });

    test("controllers, Nest's 404 and its filters are as they were", bounded, async () => {
      const headers = await logIn(port, "ada");
      assert.deepEqual(await get(port, "/account", headers), { status: 200, body: { user: "ada" } });
      for (const answer of [get, refusal]) {
        assert.deepEqual(await answer(port, "/nowhere"), {
          status: 404,
          body: { statusCode: 404, message: "Cannot GET /nowhere", error: "Not Found" },
        });
      }
      const malformed = await fetch(`http://127.0.0.1:${port}/account/login`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: "{",
      });
      assert.equal(malformed.status, 400);
      assert.equal(((await malformed.json()) as { statusCode: number }).statusCode, 400);
    });

    test("log-out closes the sockets of the user with 4401, and no others", bounded, async () => {
      const headers = await logIn(port, "ada");
      const ada = await Client.connect(port, "/rooms/7", { headers });
      const feed = await Client.connect(port, "/feeds/news", { headers });
      const grace = await Client.connect(port, "/rooms/7", { headers: await logIn(port, "grace") });
      await fetch(`http://127.0.0.1:${port}/account/logout`, { method: "POST", headers });
      assert.deepEqual(await ada.closed, { code: 4401, reason: "logged out" });
      assert.equal((await feed.closed).code, 4401);
      assert.equal((await refusal(port, "/rooms/7", headers)).status, 401);
      grace.send("still");
      assert.equal(await grace.next(), "grace: still");
    });

    test("SIGTERM closes all sockets with 1001, and then ends the process", bounded, async (t) => {
      const started = await startRecipe(main);
      t.after(() => started.child.kill("SIGKILL"));
      const headers = await logIn(started.port, "ada");
      const clients = [
        await Client.connect(started.port, "/rooms/7", { headers }),
        await Client.connect(started.port, "/feeds/news", { headers }),
      ];
      const ended = await terminate(started);
      for (const client of clients) {
        assert.deepEqual(await client.closed, { code: 1001, reason: "the server goes down" });
      }
      assert.equal(ended, "SIGTERM");
    });
  });
}
