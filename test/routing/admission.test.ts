import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Sockets, type AllowedOrigins, type RouteOptions, type SocketsOptions } from "jackfield";
import {
  Client,
  Log,
  RawClient,
  bounded,
  deferred,
  served,
  until,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";

interface Site {
  readonly sockets: Sockets;
  readonly log: Log;
  readonly port: number;
}

async function site(t: TestContext, options: SocketsOptions = {}, route: RouteOptions = {}): Promise<Site> {
  const log = new Log();
  const sockets = new Sockets(undefined, { logger: log, ...options });
  sockets.route(
    "/",
    async (ws) => {
      await ws.send(ws.subprotocol ?? "none");
      for await (const message of ws) await ws.send(message);
    },
    route,
  );
  const port = await served(t, await sockets.listen(0, "127.0.0.1"));
  return { sockets, log, port };
}

async function statusOf(port: number, Origin: string, Host = `127.0.0.1:${port}`): Promise<number> {
  return (await upgradeAnswer(port, "/", { Origin, Host })).status;
}

describe("hostile 63: the origin", () => {
  test("N12: none, or the server's own, may connect", bounded, async (t) => {
    const { port } = await site(t);
    assert.equal((await upgradeAnswer(port, "/")).status, 101);
    for (const [origin, host] of [
      [`http://127.0.0.1:${port}`, `127.0.0.1:${port}`],
      ["http://example.com", "example.com"],
      ["http://example.com", "example.com:80"],
      ["http://example.com", "EXAMPLE.com"],
      ["http://[::1]:5000", "[::1]:5000"],
      // Behind a proxy that ends TLS.
      ["https://example.com", "example.com"],
      ["https://example.com:8443", "example.com:8443"],
    ] as const) {
      assert.equal(await statusOf(port, origin, host), 101, `${origin} for ${host}`);
    }
  });

  test("of another site is refused with 403, whatever the trick", bounded, async (t) => {
    const { port } = await site(t);
    for (const origin of [
      "http://evil.example",
      "null",
      "file://",
      "http://example.com.evil.example",
      "http://evil-example.com",
      "http://evilexample.com",
      "http://sub.example.com",
      "http://com",
      "http://example.com:5001",
      "http://example.com:80800",
      "http://example.com:443",
      "https://example.com:80",
      "http://EXAMPLE.com",
      "HTTP://example.com",
      "http://example.com.",
      "http://example.com:80",
      "ws://example.com",
      "ftp://example.com",
      "chrome-extension://example.com",
      "http://example.com@evil.example",
      "http://user@example.com",
      "http://user:word@example.com",
      "http://example.com%2eevil.example",
      "http://example.com/",
      "http://example.com/..",
      "http://example.com?",
      "http://example.com#",
      "http://example.com http://evil.example",
      "http://evil.example, http://example.com",
      "http://example.com\\evil.example",
      "//example.com",
      "example.com",
      "http:example.com",
      "",
    ]) {
      const status = await statusOf(port, origin, "example.com");
      assert.ok(status === 403 || status === 400, `${JSON.stringify(origin)} gets ${status}`);
    }
  });

  test("sent twice is refused", bounded, async (t) => {
    const { port } = await site(t);
    const own = `Origin: http://127.0.0.1\r\n`;
    const raw = new RawClient(port).write(upgradeText("/", `${own}Origin: http://evil.example\r\n`));
    assert.equal(await raw.status(), 400);
  });

  const cases: readonly [string, AllowedOrigins, readonly string[], readonly string[]][] = [
    [
      "a list",
      ["https://a.example", "http://b.example:8080", "null"],
      ["https://a.example", "http://b.example:8080", "null"],
      [
        "http://a.example",
        "https://a.example:444",
        "https://a.example.c",
        "http://b.example",
        "https://x.a.example",
      ],
    ],
    [
      "a pattern",
      ["https://*.a.example"],
      ["https://x.a.example", "https://x.y.a.example", "https://x-1.a.example"],
      [
        "https://a.example",
        "https://.a.example",
        "https://xa.example",
        "http://x.a.example",
        "https://x.a.example:8443",
        "https://x.aXexample",
        "https://x.a.example.evil",
        "https://evil.example/.a.example",
        "https://evil.example:1.a.example",
      ],
    ],
    [
      "a pattern of ports is none",
      ["http://localhost:*"],
      ["http://localhost:5000"],
      ["http://localhost", "http://localhost:5000.evil.example", "http://localhost.evil.example:5000"],
    ],
    [
      "a regular expression, which matches the whole",
      [/https:\/\/(a|b)\.example/g, /http:\/\/c|http:\/\/d/i],
      ["https://a.example", "https://b.example", "http://c", "http://D", "https://a.example"],
      ["https://a.example.evil", "https://ab.example", "http://ca", "http://evil-http://c"],
    ],
    [
      "a function",
      (origin) => origin.endsWith(".a.example"),
      ["https://x.a.example"],
      ["https://a.example", "https://x.a.example.evil"],
    ],
    [
      "an asynchronous function lets nobody in",
      (async () => true) as unknown as (origin: string) => boolean,
      [],
      ["https://a.example"],
    ],
  ];
  for (const [name, allowedOrigins, allowed, refused] of cases) {
    test(`allowedOrigins: ${name}`, bounded, async (t) => {
      const { port } = await site(t, { allowedOrigins });
      for (const origin of [...allowed, `http://127.0.0.1:${port}`]) {
        assert.equal(await statusOf(port, origin), 101, origin);
      }
      for (const origin of refused) {
        const status = await statusOf(port, origin);
        assert.ok(status === 403 || status === 400, `${origin} gets ${status}`);
      }
    });
  }

  test(`allowedOrigins: "any" lets all in, and a route can do so alone`, bounded, async (t) => {
    const { port, sockets } = await site(t, {}, { allowedOrigins: "any" });
    sockets.route("/other", () => undefined);
    for (const origin of ["http://evil.example", "null"]) assert.equal(await statusOf(port, origin), 101);
    assert.equal((await upgradeAnswer(port, "/other", { Origin: "http://evil.example" })).status, 403);
  });
});

/** What clients that are no browsers send as Origin. */
const noOrigins = [
  "",
  "device.local",
  "https://github.com/some/library",
  "https://a.example/",
  "https://user@a.example",
  "https://a.example https://a.example",
  "https://a.example, https://a.example",
  "a.example",
  "//a.example",
  "NULL",
  "https:a.example",
  "https://",
  "https://a.example:99999",
  "https://a.example\xe9",
  "javascript:alert(1)",
];

describe("hostile 87: an Origin that is none", () => {
  test('hostile 87: "any" lets it in', bounded, async (t) => {
    const { port } = await site(t, { allowedOrigins: "any" });
    for (const origin of noOrigins) assert.equal(await statusOf(port, origin), 101, origin);
  });

  test("hostile 87: a function decides, and gets it as it came", bounded, async (t) => {
    const seen: string[] = [];
    const { port } = await site(t, {
      allowedOrigins: (origin) => seen.push(origin) > 0 && !origin.includes("a.example"),
    });
    for (const origin of noOrigins) {
      assert.equal(await statusOf(port, origin), origin.includes("a.example") ? 403 : 101, origin);
    }
    assert.deepEqual(seen, noOrigins);
  });

  test("hostile 87: no list matches it, and it is never that of the server itself", bounded, async (t) => {
    const lists: readonly AllowedOrigins[] = [
      [],
      [/.*/s, /(?:)/, /.+/s],
      ["https://a.example", "https://*", "https://*.example", "https://user@*"],
    ];
    for (const allowedOrigins of lists) {
      const { port } = await site(t, { allowedOrigins });
      for (const origin of noOrigins)
        assert.equal(
          await statusOf(port, origin, "a.example"),
          403,
          `${origin} by ${String(allowedOrigins)}`,
        );
    }
  });

  test("hostile 87: two Origins are 400, whatever is allowed", bounded, async (t) => {
    const { port } = await site(t, { allowedOrigins: "any" });
    const twice = "Origin: https://a.example\r\n".repeat(2);
    assert.equal(await new RawClient(port).write(upgradeText("/", twice)).status(), 400);
  });
});

describe("hostile 56: limits", () => {
  test("on all connections: 503 beyond, and the count comes down however they end", bounded, async (t) => {
    const { port, sockets } = await site(t, { maxConnections: 2 });
    const [one, two] = await Promise.all([Client.connect(port, "/"), Client.connect(port, "/")]);
    assert.equal((await upgradeAnswer(port, "/")).status, 503);
    await one.close();
    await until(() => sockets.openSockets.limits.total === 1);
    const three = await Client.connect(port, "/");
    assert.equal((await upgradeAnswer(port, "/")).status, 503);
    two.ws.terminate();
    three.ws.terminate();
    await until(() => sockets.openSockets.limits.total === 0);
    await (await Client.connect(port, "/")).close();
  });

  test("on those of one address: 429 beyond", bounded, async (t) => {
    const { port, sockets } = await site(t, { maxConnectionsPerAddress: 1 });
    const client = await Client.connect(port, "/");
    assert.equal((await upgradeAnswer(port, "/")).status, 429);
    const other = await Client.connect(port, "/", { localAddress: "127.0.0.2" });
    assert.equal((await upgradeAnswer(port, "/")).status, 429);
    await client.close();
    await until(() => sockets.openSockets.limits.total === 1);
    await (await Client.connect(port, "/")).close();
    await other.close();
  });

  test("refusals, faults and unknown paths leave nothing counted", bounded, async (t) => {
    const { port, sockets } = await site(t, { maxConnections: 1, maxConnectionsPerAddress: 1 });
    sockets.route("/fault", () => undefined, { subprotocols: () => "nonsense" });
    for (let round = 0; round < 3; round++) {
      assert.equal((await upgradeAnswer(port, "/fault")).status, 500);
      assert.equal((await upgradeAnswer(port, "/none")).status, 404);
      assert.equal((await upgradeAnswer(port, "/", { Origin: "null" })).status, 403);
      assert.equal(sockets.openSockets.limits.total, 0);
    }
    await (await Client.connect(port, "/")).close();
  });

  test("count upgrades that are under way, until their client resets (hostile 17)", bounded, async (t) => {
    const log = new Log();
    const sockets = new Sockets(undefined, { maxConnections: 1, logger: log });
    const reached = deferred<() => void>();
    let handled = 0;
    const accept = sockets.upgrade(() => void handled++);
    const server = await sockets.listen(0, "127.0.0.1");
    server.removeAllListeners("request");
    server.on("request", (request, response) => reached.resolve(() => accept(request, response)));
    const port = await served(t, server);
    const raw = new RawClient(port).write(upgradeText("/"));
    const decide = await reached.promise;
    assert.equal((await upgradeAnswer(port, "/")).status, 503);
    await raw.reset();
    await until(() => sockets.openSockets.limits.total === 0);
    decide();
    assert.deepEqual([handled, sockets.size, log.errors], [0, 0, []]);
  });
});

describe("N11: the subprotocol", () => {
  test("is the first of the server's list that was offered, once in the answer", bounded, async (t) => {
    const { port } = await site(t, {}, { subprotocols: ["v2", "v1"] });
    for (const [protocols, chosen] of [
      [["v1", "v2"], "v2"],
      [["v1"], "v1"],
      [["x", "v1"], "v1"],
    ] as const) {
      const client = await Client.connect(port, "/", { protocols: [...protocols] });
      assert.deepEqual([client.ws.protocol, await client.next()], [chosen, chosen]);
      assert.equal(client.headers["sec-websocket-protocol"], chosen);
    }
  });

  test("is missing where none fits or none was offered", bounded, async (t) => {
    const { port } = await site(t, {}, { subprotocols: ["v2"] });
    for (const headers of [{}, { "Sec-WebSocket-Protocol": "v1, V2" }]) {
      const answer = await upgradeAnswer(port, "/", headers);
      assert.deepEqual([answer.status, answer.headers["sec-websocket-protocol"]], [101, undefined]);
    }
  });

  test("can be chosen by a function, or left out", bounded, async (t) => {
    const { port } = await site(
      t,
      {},
      { subprotocols: (offered) => offered.find((each) => each.startsWith("v")) },
    );
    const client = await Client.connect(port, "/", { protocols: ["x", "v9"] });
    assert.equal(client.ws.protocol, "v9");
    const none = await upgradeAnswer(port, "/", { "Sec-WebSocket-Protocol": "x" });
    assert.deepEqual([none.status, none.headers["sec-websocket-protocol"]], [101, undefined]);
  });

  const faults: readonly [string, () => unknown][] = [
    ["picks one that was not offered", () => "other"],
    ["picks none where it should give undefined", () => null],
    ["picks the list", () => ["chat"]],
    ["picks with a line break", () => "chat\r\nSet-Cookie: a=b"],
    ["gives a promise", () => Promise.resolve("chat")],
    [
      "throws",
      () => {
        throw new Error("no idea");
      },
    ],
  ];
  for (const [name, choose] of faults) {
    test(`hostile 12, 13: a function that ${name} gives 500, and the log tells`, bounded, async (t) => {
      const { port, log, sockets } = await site(t, {}, { subprotocols: choose as () => string });
      const raw = new RawClient(port).write(upgradeText("/", "Sec-WebSocket-Protocol: chat\r\n"));
      assert.equal(await raw.status(), 500);
      const answer = await raw.all();
      assert.doesNotMatch(answer, /101|Sec-WebSocket|Set-Cookie/i);
      assert.equal(log.errors.length, 1);
      assert.equal(sockets.openSockets.limits.total, 0);
    });
  }
});
