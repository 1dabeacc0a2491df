import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import {
  Blueprint,
  ConnectionClosedError,
  InvalidOptionError,
  InvalidRouteError,
  JackfieldError,
  Sockets,
  type Message,
  type Socket,
} from "jackfield";
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

/** A server of `listen`, gone at the end of the test. */
async function listening(t: TestContext, sockets: Sockets): Promise<number> {
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  t.after(() => sockets.close({ grace: 1_000 }));
  return port;
}

async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

const said = async (client: Client): Promise<string[]> => {
  client.send("x");
  return String(await client.next()).split(" ");
};

describe("a route of Sockets on node:http", () => {
  test("F1, F10: echoes text as text and binary as binary, on a server of listen", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/echo", echo);
    const client = await Client.connect(await listening(t, sockets), "/echo");
    await client.echo("grüße 😀");
    client.send(Buffer.from([0, 255]));
    assert.deepEqual(await client.next(), Buffer.from([0, 255]));
    assert.deepEqual(await client.close(4000, "tschüß"), { code: 4000, reason: "tschüß" });
  });

  test("F2: leaves the server's own HTTP routes as they are", bounded, async (t) => {
    const server = createServer((request, response) => response.end(`page ${request.url ?? ""}`));
    new Sockets(server).route("/echo", echo);
    const port = await serve(t, server);
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/a`)).text(), "page /a");
    await (await Client.connect(port, "/echo")).echo("hi");
    // A plain GET of the socket's path is the server's to answer.
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/echo`)).text(), "page /echo");
  });

  test("F3: a handler may loop while not ws.closed", bounded, async (t) => {
    const sockets = new Sockets();
    const { promise, resolve } = deferred<boolean[]>();
    sockets.route("/echo", async (ws) => {
      const states = [ws.connected, ws.closed];
      while (!ws.closed) await ws.send(await ws.receive().catch(() => "gone")).catch(() => undefined);
      resolve([...states, ws.connected, ws.closed]);
    });
    const client = await Client.connect(await listening(t, sockets), "/echo");
    await client.echo("one");
    await client.close();
    assert.deepEqual(await promise, [true, false, false, true]);
  });

  test("F4: gives variables of the path, decoded", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/rooms/:room{/:page}", (ws) => ws.sendJson(ws.params));
    sockets.route("/files/*path", (ws) => ws.sendJson(ws.params));
    const port = await listening(t, sockets);
    const params = async (path: string): Promise<unknown> => (await Client.connect(port, path)).nextJson();
    assert.deepEqual(await params("/rooms/caf%C3%A9%20au%20lait"), { room: "café au lait" });
    assert.deepEqual(await params("/rooms/a%2Fb/2?page=3"), { room: "a/b", page: "2" });
    assert.deepEqual(await params("/files/a/b%20c/d"), { path: ["a", "b c", "d"] });
    assert.deepEqual(await params("/rooms/__proto__"), { room: "__proto__" });
  });

  test("the first route that matches gets the socket", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/rooms/new", (ws) => ws.send("new"));
    sockets.route("/rooms/:room", (ws) => ws.send("any"));
    const port = await listening(t, sockets);
    assert.equal(await (await Client.connect(port, "/rooms/new")).next(), "new");
    assert.equal(await (await Client.connect(port, "/rooms/old")).next(), "any");
  });

  test("F7, U11: knows the request: query, headers, cookies, address", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/facts", (ws) =>
      ws.sendJson({
        a: ws.query.getAll("a"),
        b: ws.query.get("b"),
        agent: ws.headers.get("x-agent"),
        none: ws.headers.get("x-none"),
        cookies: { ...ws.cookies },
        url: ws.request.url,
        method: ws.request.method,
        remote: ws.remoteAddress,
        requestRemote: ws.request.socket.remoteAddress,
        id: ws.id === ws.id && ws.id.length > 20,
      }),
    );
    const client = await Client.connect(await listening(t, sockets), "/facts?a=1&a=%32&b=%C3%A9", {
      headers: { "X-Agent": "007", Cookie: "one=1; two=%C3%A9; __proto__=3" },
    });
    assert.deepEqual(await client.nextJson(), {
      a: ["1", "2"],
      b: "é",
      agent: "007",
      none: null,
      cookies: JSON.parse('{"one":"1","two":"é","__proto__":"3"}') as unknown,
      url: "/facts?a=1&a=%32&b=%C3%A9",
      method: "GET",
      remote: "127.0.0.1",
      requestRemote: "127.0.0.1",
      id: true,
    });
  });

  test("every socket has an id and data of its own", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/", async (ws) => {
      ws.data["count"] = 0;
      for await (const _ of ws) {
        ws.data["count"] = Number(ws.data["count"]) + 1;
        await ws.send(`${ws.id} ${String(ws.data["count"])}`);
      }
    });
    const port = await listening(t, sockets);
    const [one, two] = await Promise.all([Client.connect(port, "/"), Client.connect(port, "/")]);
    const [id1, count1] = await said(one);
    const [id2, count2] = await said(two);
    assert.notEqual(id1, id2);
    assert.deepEqual([count1, count2, await said(one)], ["1", "1", [id1, "2"]]);
  });

  test("a plain object of hooks handles a route", bounded, async (t) => {
    const sockets = new Sockets();
    const { promise, resolve } = deferred<number>();
    sockets.route("/hooks", {
      open: (ws) => ws.send("open"),
      message: (ws, message: Message) => ws.send(message),
      close: (_ws, info) => resolve(info.code),
    });
    const client = await Client.connect(await listening(t, sockets), "/hooks");
    assert.equal(await client.next(), "open");
    await client.echo("hi");
    await client.close(4321);
    assert.equal(await promise, 4321);
  });

  test("A3: a class instance handles a route, with its own fields", bounded, async (t) => {
    class Counter {
      #count = 0;
      message(ws: Socket<unknown>): Promise<void> {
        return ws.send(String(++this.#count));
      }
    }
    const sockets = new Sockets();
    sockets.route("/count", new Counter());
    const client = await Client.connect(await listening(t, sockets), "/count");
    client.send("x");
    client.send("x");
    assert.deepEqual([await client.next(), await client.next()], ["1", "2"]);
  });

  test("F9: init comes later than construction and routes", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/early", echo);
    const server = createServer();
    sockets.init(server);
    sockets.route("/late", echo);
    const port = await serve(t, server);
    await (await Client.connect(port, "/early")).echo("hi");
    await (await Client.connect(port, "/late")).echo("hi");
  });

  test("methods give the sockets back, so that calls can be chained", () => {
    const sockets = new Sockets();
    const server = createServer();
    assert.equal(sockets.register(new Blueprint("empty")).init(server).attach(server), sockets);
  });

  test("several servers share the routes of one Sockets", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/echo", echo);
    const servers = [createServer(), createServer()];
    for (const server of servers) sockets.attach(server);
    for (const server of servers) {
      const port = await serve(t, server);
      await (await Client.connect(port, "/echo")).echo("hi");
    }
  });

  test("attaching twice does no harm", bounded, async (t) => {
    const server = createServer();
    const sockets = new Sockets(server);
    sockets.attach(server).route("/echo", echo);
    await (await Client.connect(await serve(t, server), "/echo")).echo("hi");
    assert.equal(server.listenerCount("upgrade"), 1);
  });

  test("several Sockets share a server, each with its paths and options", bounded, async (t) => {
    const server = createServer();
    new Sockets(server, { maxMessageSize: 5 }).route("/small", echo);
    new Sockets(server).route("/big", echo);
    const port = await serve(t, server);
    await (await Client.connect(port, "/big")).echo("long enough");
    const small = await Client.connect(port, "/small");
    small.send("too long");
    assert.equal((await small.closed).code, 1009);
    assert.equal((await upgradeAnswer(port, "/none")).status, 404);
  });

  test("U13: serves wss:// on a server of node:https", bounded, async (t) => {
    const server = createSecureServer(await selfSigned(t));
    new Sockets(server).route("/echo", (ws) => ws.send(String("encrypted" in ws.request.socket)));
    const port = await serve(t, server);
    const url = `wss://127.0.0.1:${port}`;
    const client = await Client.connect(url, "/echo", { rejectUnauthorized: false });
    assert.equal(await client.next(), "true");
    assert.equal((await client.closed).code, 1000);
    const page = { rejectUnauthorized: false, origin: `https://127.0.0.1:${port}` };
    assert.equal(await (await Client.connect(url, "/echo", page)).next(), "true");
    // A page that came without TLS is another origin.
    const insecure = Client.connect(url, "/echo", { ...page, origin: `http://127.0.0.1:${port}` });
    await assert.rejects(insecure, /403/);
  });
});

describe("a server of listen", () => {
  test("F8: answers a plain GET of a socket route with 426, and 404 elsewhere", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/echo", echo);
    const port = await listening(t, sockets);
    const answer = await fetch(`http://127.0.0.1:${port}/echo?x`);
    assert.equal(answer.status, 426);
    assert.equal(answer.headers.get("upgrade"), "websocket");
    assert.match(await answer.text(), /ws:\/\//);
    assert.equal((await fetch(`http://127.0.0.1:${port}/other`)).status, 404);
  });

  test("hostile 20: answers an upgrade without a route with 404", bounded, async (t) => {
    const port = await listening(t, new Sockets());
    assert.equal((await upgradeAnswer(port, "/none")).status, 404);
  });

  test(
    "hostile 57: rejects with EADDRINUSE where the port is taken, and can try another",
    bounded,
    async (t) => {
      const other = createServer();
      const port = await serve(t, other);
      const sockets = new Sockets();
      sockets.route("/echo", echo);
      await assert.rejects(sockets.listen(port, "127.0.0.1"), { code: "EADDRINUSE" });
      await (await Client.connect(await listening(t, sockets), "/echo")).echo("hi");
    },
  );

  test("listens several times", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/echo", echo);
    const ports = [await listening(t, sockets), await listening(t, sockets)];
    for (const port of ports) await (await Client.connect(port, "/echo")).echo("hi");
  });

  test("counts its connections down as sockets end, whichever side ends them", bounded, async (t) => {
    const sockets = new Sockets();
    sockets.route("/echo", echo);
    sockets.route("/bye", () => undefined);
    const server = await sockets.listen(0, "127.0.0.1");
    const port = await served(t, server);
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      });
    const clients = await Promise.all([1, 2, 3].map(() => Client.connect(port, "/echo")));
    assert.deepEqual([await connections(), sockets.size], [3, 3]);
    clients[0]?.ws.terminate();
    await clients[1]?.close();
    await (
      await Client.connect(port, "/bye")
    ).closed;
    await until(() => sockets.size === 1);
    while ((await connections()) !== 1) await new Promise(setImmediate);
    await sockets.close();
    assert.equal((await clients[2]?.closed)?.code, 1001);
    assert.deepEqual([await connections(), sockets.size, server.listening], [0, 0, false]);
  });
});

function serverWith(sockets: Sockets, server: Server): void {
  const accept = sockets.upgrade(async (ws) => {
    await ws.send(`hello ${ws.request.url ?? ""}`);
  });
  server.on("request", (request: IncomingMessage, response) => {
    if (request.headers.authorization === undefined) response.writeHead(401).end("who are you?");
    else if (request.url?.startsWith("/mine") === true) accept(request, response);
    else response.writeHead(404).end("own 404");
  });
}

describe("upgrade() on node:http", () => {
  test("U7: makes a socket of an upgrade from one's own routing", bounded, async (t) => {
    const server = createServer();
    serverWith(new Sockets(server), server);
    const port = await serve(t, server);
    const headers = { authorization: "me" };
    const client = await Client.connect(port, "/mine/1", { headers });
    assert.equal(await client.next(), "hello /mine/1");
    assert.equal((await client.closed).code, 1000);
    const refused = await upgradeAnswer(port, "/mine/1");
    assert.deepEqual([refused.status, refused.body], [401, "who are you?"]);
    const unknown = await upgradeAnswer(port, "/other", headers);
    assert.deepEqual([unknown.status, unknown.body], [404, "own 404"]);
    assert.equal((await fetch(`http://127.0.0.1:${port}/mine`, { headers })).status, 426);
  });

  test("hostile 61: accepting twice is an error, and the first socket lives on", bounded, async (t) => {
    const server = createServer();
    const log = new Log();
    const sockets = new Sockets(server, { logger: log });
    const accept = sockets.upgrade(echo);
    const errors: unknown[] = [];
    server.on("request", (request: IncomingMessage, response) => {
      accept(request, response);
      try {
        accept(request, response);
      } catch (error) {
        errors.push(error);
      }
    });
    const client = await Client.connect(await serve(t, server), "/x");
    await client.echo("still here");
    assert.equal(errors.length, 1);
    assert.ok(errors[0] instanceof JackfieldError);
    assert.equal(errors[0].code, "ERR_UPGRADE");
    assert.deepEqual(log.errors, []);
  });

  test("hostile 61: accepting after a refusal is an error", bounded, async (t) => {
    const server = createServer();
    const accept = new Sockets(server, { logger: new Log() }).upgrade(echo);
    const { promise, resolve } = deferred<unknown>();
    server.on("request", (request: IncomingMessage, response) => {
      response.writeHead(403).end("no");
      try {
        accept(request, response);
      } catch (error) {
        resolve(error);
      }
    });
    const answer = await upgradeAnswer(await serve(t, server), "/x");
    assert.deepEqual([answer.status, answer.body], [403, "no"]);
    assert.match(String(await promise), /UpgradeError: expected .* but /);
  });

  test(
    "hostile 58: a request listener that throws gives 500 and leaves the process alive",
    bounded,
    async (t) => {
      const server = createServer(() => {
        throw new Error("listener failed");
      });
      const log = new Log();
      const sockets = new Sockets(server, { logger: log });
      sockets.upgrade(echo);
      sockets.route("/echo", echo);
      const port = await serve(t, server);
      assert.equal((await upgradeAnswer(port, "/x")).status, 500);
      assert.match(String(log.errors[0]?.error), /listener failed/);
      await (await Client.connect(port, "/echo")).echo("hi");
    },
  );
});

describe("one connection of HTTP", () => {
  test("carries an upgrade behind a request of the same segment (pipelining)", bounded, async (t) => {
    const release: (() => void)[] = [];
    const server = createServer((request, response) => {
      if (request.url === "/slow") release.push(() => response.end("slow"));
      else response.end("fast");
    });
    new Sockets(server).route("/echo", echo);
    const port = await serve(t, server);

    const fast = new RawClient(port);
    fast.write(`GET /fast HTTP/1.1\r\nHost: a\r\n\r\n${upgradeText("/echo")}`).write(clientFrame("hi"));
    assert.match(await fast.until("\x81\x02hi"), /^HTTP\/1\.1 200 OK[^]*fastHTTP\/1\.1 101 /);

    const slow = new RawClient(port).write(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${upgradeText("/echo")}`);
    slow.write(clientFrame("hi"));
    await until(() => release.length === 1);
    assert.equal(slow.received, "");
    release[0]?.();
    assert.match(await slow.until("\x81\x02hi"), /^HTTP\/1\.1 200 OK[^]*slowHTTP\/1\.1 101 /);

    const gone = new RawClient(port).write(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${upgradeText("/echo")}`);
    await until(() => release.length === 2);
    await gone.reset();
    release[1]?.();
    await (await Client.connect(port, "/echo")).echo("alive");
  });

  test("carries an upgrade after requests with keep-alive", bounded, async (t) => {
    const server = createServer((_request, response) => response.end("page"));
    new Sockets(server).route("/echo", echo);
    const client = new RawClient(await serve(t, server));
    await client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n").until("page");
    await client.write(upgradeText("/echo")).until("101 Switching");
    await client.write(clientFrame("hi")).until("\x81\x02hi");
  });
});

describe("wrong use", () => {
  const wrongOptions: readonly [options: unknown, message: RegExp][] = [
    [
      { maxMessageSise: 1 },
      /^option maxMessageSise: expected one of the options maxMessageSize, .*, but got 1$/,
    ],
    [{ maxMessageSize: "1" }, /^option maxMessageSize: expected a number, at least 1, but got "1"$/],
    [{ maxMessageSize: 0 }, /expected a number, at least 1, but got 0/],
    [{ maxMessageSize: Number.NaN }, /expected a number, at least 1, but got NaN/],
    [{ pingInterval: -1 }, /^option pingInterval: expected a number, at least 0, but got -1$/],
    [{ pongTimeout: null }, /^option pongTimeout: expected .*, but got null$/],
    [{ handshakeTimeout: 0 }, /^option handshakeTimeout: /],
    [{ maxConnections: 0 }, /^option maxConnections: /],
    [{ maxConnectionsPerAddress: "many" }, /^option maxConnectionsPerAddress: .* but got "many"$/],
    [{ onError: "log" }, /^option onError: expected a function, but got "log"$/],
    [{ debug: 1 }, /^option debug: expected true or false, but got 1$/],
    [{ logger: {} }, /^option logger: expected an object with the methods error and warn, but got an object/],
    [{ compression: "on" }, /^option compression: .*but got "on"$/],
    [{ compression: { treshold: 1 } }, /^option compression: /],
    [{ compression: { serverMaxWindowBits: 7 } }, /^option compression: /],
    [{ subprotocols: "chat" }, /^option subprotocols: expected a list .* or a function, but got "chat"$/],
    [{ subprotocols: ["a", "a"] }, /^option subprotocols: /],
    [{ subprotocols: ["a b"] }, /^option subprotocols: /],
    [{ subprotocols: [1] }, /^option subprotocols: /],
    [
      { allowedOrigins: "*" },
      /^option allowedOrigins: expected "any", a list .*, or a function, but got "\*"$/,
    ],
    [{ allowedOrigins: ["*"] }, /^option allowedOrigins: /],
    [{ allowedOrigins: ["example.com"] }, /^option allowedOrigins: /],
    [{ allowedOrigins: ["https://example.com/"] }, /^option allowedOrigins: /],
    [{ inbox: 5 }, /^option inbox: expected an object with maxMessages and maxBytes, but got 5$/],
    [{ inbox: { maxMesages: 5 } }, /^option maxMesages: expected one of the options maxMessages, maxBytes/],
    [{ inbox: { maxBytes: 0 } }, /^option maxBytes: /],
    [null, /^option options: expected an object with options, but got null$/],
    ["fast", /^option options: expected an object with options, but got "fast"$/],
  ];
  for (const [options, message] of wrongOptions) {
    test(`the options ${JSON.stringify(options)} are refused at construction`, () => {
      assert.throws(() => new Sockets(undefined, options as object), { name: "InvalidOptionError", message });
    });
  }

  test("an error of an option has its code, name and value as fields", () => {
    assert.throws(
      () => new Sockets(undefined, { maxMessageSize: -5 }),
      (error) => {
        assert.ok(error instanceof InvalidOptionError && error instanceof JackfieldError);
        const { code, option, received } = error;
        assert.deepEqual(
          { code, option, received },
          { code: "ERR_INVALID_OPTION", option: "maxMessageSize", received: -5 },
        );
        return true;
      },
    );
  });

  test("a route refuses what is an option of the app only, and unknown ones", () => {
    const sockets = new Sockets();
    for (const name of [
      "handshakeTimeout",
      "onError",
      "logger",
      "debug",
      "maxConnections",
      "pingIntervall",
    ]) {
      const options = { [name]: 1 };
      assert.throws(() => sockets.route("/a", echo, options), { name: "InvalidOptionError", option: name });
    }
  });

  test("an option that is undefined counts as not given", bounded, async (t) => {
    const sockets = new Sockets(undefined, { maxMessageSize: 4, inbox: { maxMessages: 1 } });
    const options = { maxMessageSize: undefined, inbox: { maxMessages: undefined } } as object;
    sockets.route("/echo", echo, options);
    const client = await Client.connect(await listening(t, sockets), "/echo");
    client.send("12345");
    assert.equal((await client.closed).code, 1009);
  });

  test("the options of a route go before those of the app", bounded, async (t) => {
    const sockets = new Sockets(undefined, { maxMessageSize: 4 });
    sockets.route("/more", echo, { maxMessageSize: 8 });
    const client = await Client.connect(await listening(t, sockets), "/more");
    await client.echo("12345678");
    client.send("123456789");
    assert.equal((await client.closed).code, 1009);
  });

  for (const handler of [
    undefined,
    null,
    5,
    "echo",
    [],
    { message: "x" },
    class Echo {
      message(): void {}
    },
  ]) {
    const shown = typeof handler === "function" ? "a class" : JSON.stringify(handler);
    test(`${shown} as a handler is refused with what was expected and what came`, () => {
      assert.throws(
        () => new Sockets().route("/a", handler as never),
        (error) =>
          error instanceof InvalidRouteError &&
          error.code === "ERR_INVALID_ROUTE" &&
          /^expected a function, or an object with .* hooks .*\/a, but got /.test(error.message),
      );
    });
  }

  for (const path of ["echo", "", "/a{", "/:", "/*", "/a(b", "/:a:", undefined, /x/]) {
    test(`the path ${String(path)} is refused`, () => {
      assert.throws(() => new Sockets().route(path as string, echo), {
        name: "InvalidRouteError",
        message: /^expected a path .*but /,
      });
    });
  }

  test("something else than a server is refused", () => {
    const others: unknown[] = [{ maxMessageSize: 1 }, 5, () => undefined, null];
    for (const server of others) {
      assert.throws(() => new Sockets(server as Server), {
        name: "InvalidOptionError",
        message: /^option server: expected a server of node:http or node:https, but got /,
      });
    }
  });

  test("a wrong grace period is refused", async () => {
    for (const grace of [-1, "1", Number.NaN, null]) {
      await assert.rejects(new Sockets().close({ grace: grace as number }), { name: "InvalidOptionError" });
    }
  });

  test("F13: sending to a closed socket is an error with how it was closed", bounded, async (t) => {
    const sockets = new Sockets();
    const { promise, resolve } = deferred<unknown>();
    sockets.route("/", async (ws) => {
      await ws.whenClosed;
      await ws.send("late").catch(resolve);
    });
    await (await Client.connect(await listening(t, sockets), "/")).close(4002, "why");
    const error = await promise;
    assert.ok(error instanceof ConnectionClosedError);
    const { code, reason, by, clean } = error.close;
    assert.deepEqual({ code, reason, by, clean }, { code: 4002, reason: "why", by: "peer", clean: true });
  });
});

/** A certificate that nobody trusts, made by the openssl of this machine. */
async function selfSigned(t: TestContext): Promise<{ readonly key: Buffer; readonly cert: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), "jackfield-"));
  t.after(() => rm(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const subject = ["-subj", "/CN=localhost", "-days", "1"];
  const openssl = spawn("openssl", [
    "req",
    "-x509",
    "-nodes",
    ...curve,
    ...subject,
    "-keyout",
    key,
    "-out",
    cert,
  ]);
  const [status] = (await once(openssl, "exit")) as [number];
  assert.equal(status, 0, "openssl could not make a certificate");
  return { key: await readFile(key), cert: await readFile(cert) };
}
