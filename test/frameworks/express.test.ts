import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test, type TestContext } from "node:test";
import cookieParser from "cookie-parser";
import express5, { type Application, type ErrorRequestHandler, type RequestHandler } from "express";
import express4 from "express4";
import session, { MemoryStore, type SessionData } from "express-session";
import { ConnectionClosedError, type Message, type Socket } from "jackfield";
import { Sockets } from "jackfield/express";
import {
  Client,
  Log,
  RawClient,
  bounded,
  clientFrame,
  deferred,
  serve,
  served,
  until,
  upgradeAnswer,
  upgradeText,
} from "./clients.js";

declare module "express-session" {
  interface SessionData {
    user: string;
    visits: number;
  }
}

async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** A store that takes its time, as those over a network do. */
class SlowStore extends MemoryStore {
  override set(id: string, data: SessionData, callback?: (error?: unknown) => void): void {
    setTimeout(() => super.set(id, data, callback), 20);
  }
}

/** Has Express say in its answers what went wrong, but not on the console. */
function quiet<App extends Application>(app: App): App {
  app.set("env", "test");
  return app;
}

const listening = (t: TestContext, app: Application): Promise<number> =>
  served(t, app.listen(0, "127.0.0.1"));

const requireLogin: RequestHandler = (request, response, next) => {
  if (request.headers.authorization === "me") next();
  else response.status(401).json({ error: "log in first" });
};

const failToAllow = (): boolean => {
  throw new Error("no list");
};

const answerError: ErrorRequestHandler = (error: Error, _request, response, _next) => {
  response.status(500).json({ failed: error.name, message: error.message });
};

async function logIn(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/login`, { method: "POST" });
  assert.equal(await answer.text(), "welcome"); // whose last byte comes when the session is stored
  const [cookie = ""] = answer.headers.getSetCookie();
  assert.match(cookie, /; HttpOnly/);
  return cookie.split(";")[0] ?? "";
}

interface Site {
  readonly port: number;
  readonly store: MemoryStore;
  readonly sockets: Sockets;
}

const versions = [
  { version: 5, express: express5 },
  { version: 4, express: express4 },
] as const;

for (const { version, express } of versions) {
  describe(`a route of Sockets on Express ${version}`, () => {
    test("F1, F2, F10, K2: echoes beside HTTP routes, on the app's own listen", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      sockets.route("/echo", echo);
      app.get("/", (_request, response) => response.send("Hello World!"));
      const port = await listening(t, app);
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "Hello World!");
      const client = await Client.connect(port, "/echo");
      await client.echo("grüße 😀");
      client.send(Buffer.from([0, 255]));
      assert.deepEqual(await client.next(), Buffer.from([0, 255]));
    });

    test("app.listen still tells that it listens, and gives the server", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      sockets.route("/echo", echo);
      const { promise, resolve } = deferred<unknown>();
      const server = app.listen(0, resolve);
      const port = await served(t, server);
      assert.equal(await promise, undefined);
      await (await Client.connect(port, "/echo")).echo("hi");
    });

    test("F4: gives variables of the path, decoded", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      sockets.route("/rooms/:room/:page", (ws) => ws.sendJson([ws.params.room, ws.params.page]));
      const port = await listening(t, app);
      const client = await Client.connect(port, "/rooms/caf%C3%A9%20/a%2Fb?page=3");
      assert.deepEqual(await client.nextJson(), ["café ", "a/b"]);
    });

    test("F4: takes optional variables and wildcards in this Express's own syntax", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      if (version === 5) {
        sockets.route("/pages{/:page}", (ws) => ws.sendJson(ws.params.page ?? "none"));
        sockets.route("/files/*path", (ws) => ws.sendJson(ws.params.path));
      } else {
        sockets.route("/pages/:page?", (ws) => ws.sendJson(ws.params.page ?? "none"));
        sockets.route("/files/*", (ws) => ws.sendJson(Object.values(ws.params)));
      }
      const port = await listening(t, app);
      const first = async (path: string): Promise<unknown> => (await Client.connect(port, path)).nextJson();
      assert.equal(await first("/pages"), "none");
      assert.equal(await first("/pages/7"), "7");
      assert.deepEqual(await first("/files/a/b"), version === 5 ? ["a", "b"] : ["a/b"]);
      assert.equal((await upgradeAnswer(port, "/pages/7/8")).status, 404);
    });

    test("F7, U11: knows the request: query, headers, cookies, Express's own request", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      app.use(cookieParser());
      sockets.route("/facts", (ws) =>
        ws.sendJson({
          query: Object.fromEntries(ws.query),
          agent: ws.headers.get("x-agent"),
          cookies: { ...ws.cookies },
          request: [
            ws.request.query,
            ws.request.cookies,
            ws.request.ip,
            ws.request.path,
            ws.request.hostname,
          ],
        }),
      );
      const client = await Client.connect(await listening(t, app), "/facts?a=1", {
        headers: { "X-Agent": "007", Cookie: "one=1" },
      });
      assert.deepEqual(await client.nextJson(), {
        query: { a: "1" },
        agent: "007",
        cookies: { one: "1" },
        request: [{ a: "1" }, { one: "1" }, "127.0.0.1", "/facts", "127.0.0.1"],
      });
    });

    test("hooks and class instances handle routes", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      class Shout {
        readonly #mark = "!";
        async message(ws: Socket<unknown>, message: Message): Promise<void> {
          await ws.send(String(message) + this.#mark);
        }
      }
      sockets.route("/hooks", { open: (ws) => ws.send("open"), message: (ws, message) => ws.send(message) });
      sockets.route("/class", new Shout());
      const port = await listening(t, app);
      const hooks = await Client.connect(port, "/hooks");
      assert.equal(await hooks.next(), "open");
      await hooks.echo("hi");
      const shout = await Client.connect(port, "/class");
      shout.send("hi");
      assert.equal(await shout.next(), "hi!");
    });

    test("F9: init comes later than construction and routes", bounded, async (t) => {
      const sockets = new Sockets();
      sockets.route("/early", echo);
      const app = express();
      sockets.init(app);
      sockets.route("/late", echo);
      const port = await listening(t, app);
      await (await Client.connect(port, "/early")).echo("hi");
      await (await Client.connect(port, "/late")).echo("hi");
    });

    test("F5: routers with a prefix and middleware carry native handlers", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      const router = express.Router({ mergeParams: true });
      const accept = sockets.upgrade((ws) =>
        ws.sendJson([ws.params, ws.request.baseUrl, ws.request.originalUrl, ws.query.get("q")]),
      );
      router.get("/rooms/:id", requireLogin, accept);
      app.use("/api/:tenant", router);
      const port = await listening(t, app);
      const client = await Client.connect(port, "/api/t1/rooms/7?q=1", { headers: { authorization: "me" } });
      assert.deepEqual(await client.nextJson(), [
        { tenant: "t1", id: "7" },
        "/api/t1",
        "/api/t1/rooms/7?q=1",
        "1",
      ]);
      assert.equal((await client.closed).code, 1000);
      const refused = await upgradeAnswer(port, "/api/t1/rooms/7");
      assert.equal(refused.status, 401);
      assert.match(refused.headers["content-type"] ?? "", /^application\/json/);
      assert.deepEqual(JSON.parse(refused.body), { error: "log in first" });
      assert.equal((await upgradeAnswer(port, "/rooms/7", { authorization: "me" })).status, 404);
    });

    test("F8: a plain GET falls through to the next handler of the path, else to 404", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      sockets.route("/both", echo);
      sockets.route("/only", echo);
      app.get("/both", (_request, response) => response.send("a page"));
      const port = await listening(t, app);
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/both`)).text(), "a page");
      assert.equal((await fetch(`http://127.0.0.1:${port}/only`)).status, 404);
      await (await Client.connect(port, "/both")).echo("hi");
    });

    test("attach carries the sockets on servers made by hand", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      sockets.route("/echo", echo);
      for (const server of [createServer(app), createServer(app)]) {
        sockets.attach(server);
        await (await Client.connect(await serve(t, server), "/echo")).echo("hi");
      }
    });

    test("sockets.listen makes a server of the app", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      sockets.route("/echo", echo);
      app.get("/", (_request, response) => response.send("page"));
      const port = await served(t, await sockets.listen(0, "127.0.0.1"));
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "page");
      await (await Client.connect(port, "/echo")).echo("hi");
      await assert.rejects(sockets.listen(port, "127.0.0.1"), { code: "EADDRINUSE" });
      await sockets.close();
    });

    test(
      "absolute-form targets and paths in other case reach the route, as in Express",
      bounded,
      async (t) => {
        const app = express();
        new Sockets(app).route("/echo", echo);
        const port = await listening(t, app);
        await (await Client.connect(port, "/ECHO/")).echo("hi");
        const raw = new RawClient(port).write(upgradeText("http://elsewhere.example/echo?x=1"));
        assert.equal(await raw.status(), 101);
      },
    );
  });

  describe(`middleware of Express ${version}`, () => {
    test("N4, N5: its headers and cookies are on the 101", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      app.use((_request, response, next) => {
        response.setHeader("X-Request-Id", "abc");
        response.cookie("seen", "yes", { httpOnly: true }).cookie("two", "2");
        response.type("html");
        next();
      });
      sockets.route("/echo", echo);
      const client = await Client.connect(await listening(t, app), "/echo");
      assert.equal(client.headers["x-request-id"], "abc");
      assert.deepEqual(client.headers["set-cookie"], ["seen=yes; Path=/; HttpOnly", "two=2; Path=/"]);
      assert.equal(client.headers["content-type"], undefined);
      await client.echo("hi");
    });

    test("N4: a redirect, a refusal and a stream arrive as HTTP, whole", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      app.get("/old", (_request, response) => response.redirect(307, "/new"));
      app.get("/forbidden", (_request, response) => response.status(403).json({ error: "no" }));
      app.get("/stream", (_request, response) => {
        response.status(402).write("pay ");
        setImmediate(() => response.end("x".repeat(300_000)));
      });
      for (const path of ["/old", "/forbidden", "/stream"]) sockets.route(path, echo);
      const port = await listening(t, app);
      const redirect = await upgradeAnswer(port, "/old");
      assert.deepEqual([redirect.status, redirect.headers.location], [307, "/new"]);
      const forbidden = await upgradeAnswer(port, "/forbidden");
      assert.deepEqual([forbidden.status, forbidden.body], [403, '{"error":"no"}']);
      const stream = await upgradeAnswer(port, "/stream");
      assert.deepEqual([stream.status, stream.body.length], [402, 300_004]);
    });

    test("hostile 58: an error that it throws or passes on is the framework's 500", bounded, async (t) => {
      const app = quiet(express());
      const sockets = new Sockets(app);
      app.use("/throws", () => {
        throw new Error("thrown");
      });
      app.use("/next", (_request, _response, next) => {
        setImmediate(() => next(Object.assign(new Error("teapot"), { status: 418 })));
      });
      for (const path of ["/throws", "/next", "/echo"]) sockets.route(path, echo);
      const port = await listening(t, app);
      const thrown = await upgradeAnswer(port, "/throws");
      assert.equal(thrown.status, 500);
      assert.match(thrown.body, /thrown/);
      assert.equal((await upgradeAnswer(port, "/next")).status, 418);
      await (await Client.connect(port, "/echo")).echo("hi");
    });

    test("hostile 13, 58: faults before the 101 reach the app's error handlers", bounded, async (t) => {
      const app = quiet(express());
      const log = new Log();
      const sockets = new Sockets(app, { logger: log });
      sockets.route("/subprotocol", echo, { subprotocols: () => "nonsense" });
      sockets.route("/origin", echo, { allowedOrigins: failToAllow });
      app.use(answerError);
      const port = await listening(t, app);
      const first = await upgradeAnswer(port, "/subprotocol", { "Sec-WebSocket-Protocol": "chat" });
      assert.equal(first.status, 500);
      assert.equal((JSON.parse(first.body) as { failed: string }).failed, "SubprotocolError");
      assert.equal(first.headers["sec-websocket-accept"], undefined);
      const second = await upgradeAnswer(port, "/origin", { Origin: "http://other.example" });
      assert.deepEqual(JSON.parse(second.body), { failed: "Error", message: "no list" });
      assert.equal(sockets.openSockets.limits.total, 0);
    });

    test("hostile 20: an unknown path gets the app's own 404", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      sockets.route("/echo", echo);
      app.use((request, response) => response.status(404).send(`nothing at ${request.path}`));
      const port = await listening(t, app);
      const answer = await upgradeAnswer(port, "/none");
      assert.deepEqual([answer.status, answer.body], [404, "nothing at /none"]);
    });

    test("hostile 18: one that never decides is answered with 503 at the deadline", bounded, async (t) => {
      const app = express();
      const log = new Log();
      const sockets = new Sockets(app, { handshakeTimeout: 50, logger: log });
      const late: (() => void)[] = [];
      app.use("/next", (_request, _response, next) => void late.push(next));
      app.use("/json", (_request, response) => void late.push(() => response.status(401).json({})));
      let handled = 0;
      const count = (): void => void handled++;
      for (const path of ["/next", "/json"]) sockets.route(path, count);
      sockets.route("/echo", echo);
      const port = await listening(t, app);
      for (const path of ["/next", "/json"]) {
        const answer = await upgradeAnswer(port, path);
        assert.deepEqual([answer.status, sockets.openSockets.limits.total], [503, 0]);
      }
      // What is decided too late does no harm.
      for (const decide of late) decide();
      assert.equal(late.length, 2);
      await (await Client.connect(port, "/echo")).echo("hi");
      assert.equal(handled, 0);
      assert.deepEqual(log.errors, []);
    });

    test(
      "hostile 17: the client resets while it decides: no handler runs, nothing is counted",
      bounded,
      async (t) => {
        const app = express();
        const sockets = new Sockets(app);
        const { promise: reached, resolve: reach } = deferred<() => void>();
        app.use("/slow", (_request, _response, next) => reach(next));
        let handled = 0;
        sockets.route("/slow", () => void handled++);
        sockets.route("/echo", echo);
        const port = await listening(t, app);
        const client = new RawClient(port).write(upgradeText("/slow"));
        const decide = await reached;
        assert.equal(sockets.openSockets.limits.total, 1);
        await client.reset();
        await until(() => sockets.openSockets.limits.total === 0);
        decide();
        await (await Client.connect(port, "/echo")).echo("hi");
        assert.deepEqual([handled, sockets.openSockets.limits.total], [0, 1]);
      },
    );

    test("hostile 14: what comes while it decides is not lost", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      const { promise: reached, resolve: reach } = deferred<() => void>();
      app.use((_request, _response, next) => reach(next));
      sockets.route("/echo", echo);
      const port = await listening(t, app);
      const client = new RawClient(port).write(
        Buffer.concat([Buffer.from(upgradeText("/echo")), clientFrame("one")]),
      );
      const decide = await reached;
      client.write(clientFrame("two"));
      await new Promise(setImmediate);
      decide();
      await client.until("\x81\x03one\x81\x03two");
    });

    test("loggers that wait for the response's end see status 101", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app);
      const { promise, resolve } = deferred<unknown>();
      app.use((request, response, next) => {
        response.on("finish", () => resolve([request.originalUrl, response.statusCode, request.ip]));
        next();
      });
      sockets.route("/echo", echo);
      const client = await Client.connect(await listening(t, app), "/echo");
      assert.deepEqual(await promise, ["/echo", 101, "127.0.0.1"]);
      await client.echo("hi");
    });

    test("an answer begun before the socket route is an error, not a second answer", bounded, async (t) => {
      const app = quiet(express());
      const log = new Log();
      const sockets = new Sockets(app, { logger: log });
      app.use((_request, response, next) => {
        response.status(200).write("begun");
        next();
      });
      let handled = 0;
      sockets.route("/x", () => void handled++);
      const { promise, resolve } = deferred<unknown>();
      const catcher: ErrorRequestHandler = (error, _request, response, _next) => {
        resolve(error);
        response.end(" and done");
      };
      app.use(catcher);
      const answer = await upgradeAnswer(await listening(t, app), "/x");
      assert.deepEqual([answer.status, answer.body, handled], [200, "begun and done", 0]);
      assert.match(String(await promise), /^UpgradeError: expected an upgrade without an answer/);
    });
  });

  /** Log in over HTTP, count visits over WebSocket. */
  async function site(t: TestContext, options: Partial<session.SessionOptions> = {}): Promise<Site> {
    const app = express();
    const sockets = new Sockets(app);
    const store = new SlowStore();
    app.use(session({ secret: "s", store, resave: false, saveUninitialized: false, ...options }));
    app.post("/login", (request, response) => {
      request.session.user = "ada";
      response.send("welcome");
    });
    app.get("/me", (request, response) => response.json([request.session.user, request.session.visits]));
    app.use("/private", (request, response, next) => {
      if (request.session.user === undefined) response.status(401).json({ error: "log in first" });
      else next();
    });
    app.use("/touch", (request, _response, next) => {
      request.session.visits = 100;
      next();
    });
    sockets.route("/private/who", (ws) => ws.sendJson([ws.session.user, ws.request.session.user]));
    sockets.route("/touch", echo);
    sockets.route("/private/visit", async (ws) => {
      for await (const _ of ws) {
        ws.session.visits = (ws.session.visits ?? 0) + 1;
        await new Promise<void>((resolve, reject) => {
          ws.session.save((error: unknown) => (error instanceof Error ? reject(error) : resolve()));
        });
        await ws.sendJson(ws.session.visits);
      }
    });
    return { port: await listening(t, app), store, sockets };
  }

  describe(`express-session on Express ${version}`, () => {
    test("F6: log in over HTTP, connect, and the handler finds the same session", bounded, async (t) => {
      const { port } = await site(t);
      const Cookie = await logIn(port);
      const client = await Client.connect(port, "/private/who", { headers: { Cookie } });
      assert.deepEqual(await client.nextJson(), ["ada", "ada"]);
      assert.equal((await client.closed).code, 1000);
    });

    test("hostile 64: no cookie, or one of an unknown session: the app's own 401", bounded, async (t) => {
      const { port } = await site(t);
      for (const Cookie of ["", "connect.sid=s%3Aunknown.AAAA"]) {
        const answer = await upgradeAnswer(port, "/private/who", { Cookie });
        assert.deepEqual([answer.status, answer.body], [401, '{"error":"log in first"}']);
      }
    });

    test("F6: what a handler saves is seen by the next HTTP request", bounded, async (t) => {
      const { port } = await site(t);
      const Cookie = await logIn(port);
      const client = await Client.connect(port, "/private/visit", { headers: { Cookie } });
      for (const visits of [1, 2]) {
        client.send("again");
        assert.equal(await client.nextJson(), visits);
      }
      const me = await fetch(`http://127.0.0.1:${port}/me`, { headers: { Cookie } });
      assert.deepEqual(await me.json(), ["ada", 2]);
    });

    test(
      "N5: a session that middleware made is stored before the 101, whose cookie opens it",
      bounded,
      async (t) => {
        const { port, store } = await site(t);
        const client = await Client.connect(port, "/touch");
        assert.equal(Object.keys((store as unknown as { sessions: object }).sessions).length, 1);
        const [cookie = ""] = client.headers["set-cookie"] ?? [];
        assert.match(cookie, /^connect\.sid=/);
        const headers = { Cookie: cookie.split(";")[0] ?? "" };
        const me = await fetch(`http://127.0.0.1:${port}/me`, { headers });
        assert.deepEqual(await me.json(), [null, 100]);
        await client.echo("hi");
      },
    );

    test("a rolling session's cookie is renewed by the 101", bounded, async (t) => {
      const { port } = await site(t, { rolling: true });
      const Cookie = await logIn(port);
      const client = await Client.connect(port, "/private/visit", { headers: { Cookie } });
      assert.match(client.headers["set-cookie"]?.[0] ?? "", /^connect\.sid=/);
    });

    test("a store that never answers is cut off at the deadline", bounded, async (t) => {
      const app = express();
      const sockets = new Sockets(app, { handshakeTimeout: 50 });
      class DeadStore extends MemoryStore {
        override set(): void {}
      }
      app.use(session({ secret: "s", store: new DeadStore(), resave: false, saveUninitialized: true }));
      sockets.route("/echo", echo);
      const port = await listening(t, app);
      const client = new RawClient(port).write(upgradeText("/echo"));
      await client.all();
      await until(() => sockets.openSockets.limits.total === 0);
      assert.equal(sockets.size, 0);
    });
  });

  describe(`wrong use on Express ${version}`, () => {
    test("a wrong path is an error that names it", () => {
      const sockets = new Sockets(express());
      assert.throws(() => sockets.route("/a(", echo), /\/a\(|Unexpected|Invalid/);
      for (const path of ["echo", "", undefined, 5]) {
        assert.throws(() => sockets.route(path as string, echo), {
          name: "InvalidRouteError",
          message: /^expected a path that begins with \/, but got /,
        });
      }
    });

    test("a wrong handler or option is an error, for route and upgrade", () => {
      const sockets = new Sockets(express());
      for (const handler of [
        undefined,
        5,
        class Echo {
          message(): void {}
        },
      ]) {
        assert.throws(() => sockets.route("/a", handler as never), { name: "InvalidRouteError" });
        assert.throws(() => sockets.upgrade(handler as never), { name: "InvalidRouteError" });
      }
      const options = { maxMessageSize: "big" } as object;
      assert.throws(() => sockets.route("/a", echo, options), { name: "InvalidOptionError" });
      assert.throws(() => sockets.upgrade(echo, options), { name: "InvalidOptionError" });
      assert.throws(() => new Sockets(express(), options), { name: "InvalidOptionError" });
    });

    test("something else than an app is refused with what was expected and what came", () => {
      for (const app of [{ maxMessageSize: 5 }, createServer(), 5, null, () => undefined]) {
        assert.throws(() => new Sockets(app as never), {
          name: "InvalidOptionError",
          message: /^option app: expected an Express app, but got /,
        });
      }
    });

    test("without an app, a server says what is missing, and lives", bounded, async (t) => {
      const log = new Log();
      const sockets = new Sockets(undefined, { logger: log });
      sockets.route("/echo", echo);
      await assert.rejects(sockets.listen(0), /call sockets\.init\(app\)/);
      const server = createServer();
      const port = await serve(t, server);
      sockets.attach(server);
      assert.equal((await upgradeAnswer(port, "/echo")).status, 500);
      assert.match(String(log.errors[0]?.error), /call sockets\.init\(app\)/);
    });

    test("K7: a handler may let ConnectionClosedError pass", bounded, async (t) => {
      const app = express();
      const log = new Log();
      const sockets = new Sockets(app, { logger: log });
      const { promise, resolve } = deferred<unknown>();
      sockets.route("/", async (ws) => {
        try {
          for (;;) await ws.send(await ws.receive());
        } catch (error) {
          resolve(error);
          throw error;
        }
      });
      const client = await Client.connect(await listening(t, app), "/");
      await client.echo("hi");
      await client.close(1000, "bye");
      const error = await promise;
      assert.ok(error instanceof ConnectionClosedError);
      assert.deepEqual([error.close.code, error.close.reason], [1000, "bye"]);
      await until(() => sockets.size === 0);
      assert.deepEqual(log.errors, []);
    });
  });
}
