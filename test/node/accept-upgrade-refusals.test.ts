import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { Readable, type Duplex } from "node:stream";
import { describe, test } from "node:test";
import {
  InvalidOptionError,
  UpgradeError,
  acceptUpgrade,
  type AcceptOptions,
  type AcceptedSocket,
} from "jackfield";
import {
  Client,
  RawClient,
  bounded,
  clientFrame,
  deferred,
  serve,
  until,
  upgradeAnswer,
  upgradeText,
} from "../frameworks/clients.js";
import { answerTo, bare, echo } from "./bare-server.js";

/** A request that is no valid handshake, and how it is answered. */
const invalid: readonly (readonly [what: string, request: string, answer: RegExp])[] = [
  [
    "hostile 1: another method",
    upgradeText("/").replace("GET", "POST"),
    /^HTTP\/1\.1 405 [^]*\r\nAllow: GET\r\n/,
  ],
  [
    "hostile 2: HTTP/1.0",
    upgradeText("/").replace("HTTP/1.1", "HTTP/1.0"),
    /^HTTP\/1\.1 426 [^]*\r\nUpgrade: websocket\r\n/,
  ],
  ["hostile 3: Host twice", upgradeText("/", "Host: other\r\n"), /^HTTP\/1\.1 400 /],
  ["hostile 3: no Host", upgradeText("/").replace(/Host: .*\r\n/, ""), /^HTTP\/1\.1 400 /],
  [
    "hostile 4: an absolute form with user information",
    upgradeText("http://me@example.com/"),
    /^HTTP\/1\.1 400 /,
  ],
  ["hostile 6: no key", upgradeText("/").replace(/Sec-WebSocket-Key: .*\r\n/, ""), /^HTTP\/1\.1 400 /],
  [
    "hostile 6: a short key",
    upgradeText("/").replace(/(Sec-WebSocket-Key: ).*/, "$1AAAA"),
    /^HTTP\/1\.1 400 /,
  ],
  [
    "hostile 6: two keys",
    upgradeText("/", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
    /^HTTP\/1\.1 400 /,
  ],
  [
    "hostile 7: no version",
    upgradeText("/").replace(/Sec-WebSocket-Version: .*\r\n/, ""),
    /^HTTP\/1\.1 426 /,
  ],
  [
    "hostile 7: another version",
    upgradeText("/").replace("Version: 13", "Version: 8"),
    /^HTTP\/1\.1 426 [^]*\r\nSec-WebSocket-Version: 13\r\n/,
  ],
  [
    "hostile 8: too many bytes of headers",
    upgradeText("/", `X-Big: ${"x".repeat(17_000)}\r\n`),
    /^HTTP\/1\.1 431 /,
  ],
  [
    "hostile 8: so many headers that Node drops some",
    upgradeText("/", "a:\r\n".repeat(1_000)),
    /^HTTP\/1\.1 431 /,
  ],
  [
    "hostile 12: a subprotocol that is no token",
    upgradeText("/", "Sec-WebSocket-Protocol: a b\r\n"),
    /^HTTP\/1\.1 400 /,
  ],
  ["hostile 12: one offered twice", upgradeText("/", "Sec-WebSocket-Protocol: a, a\r\n"), /^HTTP\/1\.1 400 /],
  ["hostile 15: a body", upgradeText("/", "Content-Length: 5\r\n"), /^HTTP\/1\.1 400 /],
  ["hostile 15: a chunked body", upgradeText("/", "Transfer-Encoding: chunked\r\n"), /^HTTP\/1\.1 400 /],
  ["hostile 19: a path in bad encoding", upgradeText("/%zz"), /^HTTP\/1\.1 400 /],
  ["an upgrade to something else", upgradeText("/").replace("websocket", "h2c"), /^HTTP\/1\.1 426 /],
];

describe("acceptUpgrade of a handshake that is not valid", () => {
  for (const [what, request, answer] of invalid) {
    test(`${what}: an HTTP answer, no socket, and the end`, bounded, async (t) => {
      const { url, port, given, thrown } = await bare(t);
      assert.match(await answerTo(port, request), answer);
      assert.deepEqual([...given.filter((ws) => ws !== undefined), ...thrown], []);
      await (await Client.connect(url, "/")).echo("it serves on");
    });
  }

  for (const extensions of ['a; b="c', "", ",", "a b"]) {
    const request = upgradeText("/", `Sec-WebSocket-Extensions: ${extensions}\r\n`);

    test(`hostile 11: the extensions "${extensions}" are 400 with compression`, bounded, async (t) => {
      const { port, given } = await bare(t, { options: { compression: true } });
      assert.match(await answerTo(port, request), /^HTTP\/1\.1 400 /);
      assert.deepEqual(given, [undefined]);
    });

    test(`hostile 89: the extensions "${extensions}" don't matter without it`, bounded, async (t) => {
      const { port } = await bare(t, { handle: (ws) => void ws.close() });
      assert.match(await answerTo(port, request), /^HTTP\/1\.1 101 (?![^]*extensions)/i);
    });
  }

  test("hostile 5: Upgrade and Connection count in any casing and list", bounded, async (t) => {
    const { port } = await bare(t);
    const headers = { Upgrade: "WebSocket", Connection: "keep-alive, Upgrade" };
    assert.equal((await upgradeAnswer(port, "/", headers)).status, 101);
  });

  test("hostile 9, 10: hostile names and long lists cost nothing", bounded, async (t) => {
    const { port } = await bare(t, { options: { compression: true, subprotocols: (offered) => offered[0] } });
    for (const name of ["__proto__", "constructor", "toString"]) {
      const headers = { "Sec-WebSocket-Protocol": name, "Sec-WebSocket-Extensions": `${name}; ${name}` };
      const answer = await upgradeAnswer(port, `/?${name}=1`, headers);
      assert.deepEqual([answer.status, answer.headers["sec-websocket-protocol"]], [101, name]);
    }
    for (const name of ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"]) {
      const answer = await answerTo(port, upgradeText("/", `${name}: ${"a,".repeat(7_000)}\r\n`));
      assert.match(answer, /^HTTP\/1\.1 400 /);
    }
  });

  test("hostile 14: what comes behind one that is refused is discarded", bounded, async (t) => {
    const { port, given } = await bare(t);
    const refused = upgradeText("/").replace("Version: 13", "Version: 8");
    const answer = await answerTo(
      port,
      Buffer.concat([Buffer.from(refused), clientFrame("hi"), Buffer.from(upgradeText("/"))]),
    );
    assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
    assert.deepEqual(given, [undefined]);
  });

  test("one sent before the answer to an earlier request is dropped", bounded, async (t) => {
    const { url, port, server, given } = await bare(t);
    server.on("request", () => undefined); // which never answers
    const early = new RawClient(port).write(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${upgradeText("/")}`);
    assert.equal(await early.all(), "");
    assert.deepEqual(given, [undefined]);
    await (await Client.connect(url, "/")).echo("it serves on");
  });

  test("one sent behind the answer to an earlier request is accepted", bounded, async (t) => {
    const { port, server } = await bare(t);
    server.on("request", (_request, response) => response.end("[page]"));
    const raw = new RawClient(port).write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await raw.until("[page]");
    await raw.write(upgradeText("/")).write(clientFrame("hi")).until("\x81\x02hi");
  });
});

describe("acceptUpgrade, called wrongly", () => {
  test("a wrong option is an error, and no connection hangs", bounded, async (t) => {
    for (const [options, option] of [
      [{ maxMessageSize: 0 }, "maxMessageSize"],
      [{ subprotocols: ["a b"] }, "subprotocols"],
      [{ allowedOrigins: ["example.com"] }, "allowedOrigins"],
      [{ compresion: true }, "compresion"],
      [{ before: () => undefined }, "before"],
      [{ name: "room" }, "name"],
      [null, "options"],
      ["options", "options"],
    ] as const) {
      const { port, given, thrown } = await bare(t, { options: options as unknown as AcceptOptions });
      // Each time, not only the first.
      for (const _ of [1, 2]) assert.match(await answerTo(port, upgradeText("/")), /^HTTP\/1\.1 500 /);
      assert.deepEqual(given, []);
      assert.equal(thrown.length, 2);
      for (const error of thrown) {
        assert.ok(error instanceof InvalidOptionError);
        assert.equal(error.option, option);
      }
    }
  });

  test(
    "hostile 61: a second call for the same request is an UpgradeError; the first one's socket goes on",
    bounded,
    async (t) => {
      const second = deferred<unknown>();
      const server = createServer();
      server.on("upgrade", (request, socket, head) => {
        const ws = acceptUpgrade(request, socket, head);
        try {
          acceptUpgrade(request, socket, head);
        } catch (error) {
          second.resolve(error);
        }
        if (ws !== undefined) void echo(ws);
      });
      const port = await serve(t, server);
      const client = await Client.connect(port, "/");
      assert.ok((await second.promise) instanceof UpgradeError);
      await client.echo("hello");
      assert.equal((await client.close(1000)).code, 1000);
    },
  );

  test("so it is after a refusal, which is answered once", bounded, async (t) => {
    const server = createServer();
    const errors: unknown[] = [];
    server.on("upgrade", (request, socket, head) => {
      for (const _ of [1, 2]) {
        try {
          acceptUpgrade(request, socket, head);
        } catch (error) {
          errors.push(error);
        }
      }
    });
    const port = await serve(t, server);
    const answer = await answerTo(port, upgradeText("/").replace("Version: 13", "Version: 8"));
    assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
    assert.equal(errors.length, 1);
    assert.ok(errors[0] instanceof UpgradeError);
  });

  test("a socket that is no stream of both directions is an InvalidOptionError", bounded, async (t) => {
    const server = createServer();
    const thrown: unknown[] = [];
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      for (const wrong of [new Readable(), request, undefined]) {
        try {
          acceptUpgrade(request, wrong as Duplex, head);
        } catch (error) {
          thrown.push(error);
        }
      }
      acceptUpgrade(request, socket, head); // nothing was done with the request
    });
    const port = await serve(t, server);
    assert.equal((await upgradeAnswer(port, "/")).status, 101);
    assert.equal(thrown.length, 3);
    for (const error of thrown) {
      assert.ok(error instanceof InvalidOptionError);
      assert.equal(error.option, "socket");
    }
  });

  test("a forgotten head is an InvalidOptionError, and a 500 for the client", bounded, async (t) => {
    const server = createServer();
    const thrown = deferred<unknown>();
    server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      try {
        acceptUpgrade(request, socket, undefined as unknown as Buffer);
      } catch (error) {
        thrown.resolve(error);
      }
    });
    const port = await serve(t, server);
    assert.match(await answerTo(port, upgradeText("/")), /^HTTP\/1\.1 500 /);
    const error = await thrown.promise;
    assert.ok(error instanceof InvalidOptionError);
    assert.equal(error.option, "head");
  });

  test("later than in the event, it loses nothing; too late, it gives no socket", bounded, async (t) => {
    const server = createServer();
    const asked: (() => AcceptedSocket | undefined)[] = [];
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => undefined); // until it is called, the socket is the caller's
      asked.push(() => acceptUpgrade(request, socket, head));
      socket.once("close", () => server.emit("gone"));
    });
    const port = await serve(t, server);
    const client = new RawClient(port).write(upgradeText("/")).write(clientFrame("early"));
    await until(() => asked.length > 0);
    const ws = asked[0]?.();
    assert.ok(ws);
    assert.equal(await ws.receive(), "early");
    await client.until("101");

    const gone = once(server, "gone");
    const impatient = new RawClient(port).write(upgradeText("/"));
    await until(() => asked.length > 1);
    client.socket.destroy();
    await impatient.reset();
    await gone;
    await ws.whenClosed;
    assert.equal(asked[1]?.(), undefined);
  });
});
