import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect as connectTls } from "node:tls";
import type { Duplex } from "node:stream";
import { describe, test } from "node:test";
import {
  ConnectionClosedError,
  Sockets,
  SubprotocolError,
  acceptUpgrade,
  type AcceptOptions,
  type AllowedOrigins,
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
import { answerTo, bare, echo, firstOf, type Bare } from "./bare-server.js";

const insecure = { rejectUnauthorized: false } as const;

for (const tls of [false, true]) {
  describe(`acceptUpgrade on a server of ${tls ? "node:https" : "node:http"}`, () => {
    test("gives a socket for a loop over messages", bounded, async (t) => {
      const { url } = await bare(t, { tls });
      const client = await Client.connect(url, "/any/path?at=all", insecure);
      await client.echo("hello");
      client.send(Buffer.from([1, 2, 3]));
      assert.deepEqual(await client.next(), Buffer.from([1, 2, 3]));
    });

    test("gives a socket to receive from and to send on, which knows its request", bounded, async (t) => {
      const handled = deferred();
      const { url, given } = await bare(t, {
        tls,
        async handle(ws) {
          await ws.send(`${ws.request.url ?? ""} ${ws.query.get("at") ?? ""} ${ws.cookies["user"] ?? ""}`);
          const first = await ws.receive();
          await ws.sendJson({ first, params: ws.params, address: ws.remoteAddress });
          await assert.rejects(ws.receive(), ConnectionClosedError);
          handled.resolve();
        },
      });
      const client = await Client.connect(url, "/a?at=home", {
        ...insecure,
        headers: { Cookie: "user=ada" },
      });
      assert.equal(await client.next(), "/a?at=home home ada");
      client.send("hi");
      assert.deepEqual(await client.nextJson(), { first: "hi", params: {}, address: "127.0.0.1" });
      assert.equal(given[0]?.closed, false);
      await client.close(1000);
      await handled.promise;
    });

    test("an allowed origin is that of the server's own scheme, or one of the list", bounded, async (t) => {
      const server = await bare(t, { tls, options: { allowedOrigins: ["https://friend.example"] } });
      const { url, port } = server;
      const own = `${tls ? "https" : "http"}://127.0.0.1:${port}`;
      for (const origin of [own, "https://friend.example"]) {
        await (await Client.connect(url, "/", { ...insecure, origin })).echo("hi");
      }
      for (const origin of ["https://foe.example", "null"]) {
        await assert.rejects(Client.connect(url, "/", { ...insecure, origin }), /403/, origin);
      }
      assert.equal(server.given.filter((ws) => ws === undefined).length, 2);
    });

    test("hostile 87: an Origin that is none is for the policy to let in", bounded, async (t) => {
      const allowing = (allowedOrigins: AllowedOrigins): Promise<Bare> =>
        bare(t, { tls, options: { allowedOrigins } });
      const open = [await allowing("any"), await allowing((origin) => !origin.startsWith("http"))];
      const closed = [await bare(t, { tls }), await allowing([/.*/])];
      for (const origin of ["", "device.local"]) {
        for (const { url } of open)
          await (await Client.connect(url, "/", { ...insecure, headers: { Origin: origin } })).echo("hi");
        for (const { url } of closed)
          await assert.rejects(Client.connect(url, "/", { ...insecure, headers: { Origin: origin } }), /403/);
      }
    });

    test("first frames that come with the handshake are not lost", bounded, async (t) => {
      const { port } = await bare(t, { tls });
      const bytes = Buffer.concat([Buffer.from(upgradeText("/")), clientFrame("one"), clientFrame("two")]);
      if (!tls) {
        await new RawClient(port).write(bytes).until("\x81\x03one\x81\x03two");
        return;
      }
      const client = connectTls({ port, host: "127.0.0.1", ...insecure });
      t.after(() => client.destroy());
      client.write(bytes);
      let received = "";
      client.on("data", (chunk) => (received += chunk.toString("latin1")));
      await until(() => received.includes("\x81\x03one\x81\x03two"));
    });
  });
}

describe("acceptUpgrade with options", () => {
  test("chooses the first of its subprotocols that was offered", bounded, async (t) => {
    const { url } = await bare(t, { options: { subprotocols: ["v2", "v1"] } });
    const client = await Client.connect(url, "/", { protocols: ["v1", "v2"] });
    assert.equal(client.ws.protocol, "v2");
    assert.equal(client.headers["sec-websocket-protocol"], "v2");
  });

  test("goes on without one where none, or no known one, was offered", bounded, async (t) => {
    const { port, given } = await bare(t, { options: { subprotocols: ["v2"] } });
    for (const headers of [{}, { "Sec-WebSocket-Protocol": "v3, v4" }]) {
      const answer = await upgradeAnswer(port, "/", headers);
      assert.equal(answer.status, 101);
      assert.equal(answer.headers["sec-websocket-protocol"], undefined);
    }
    assert.deepEqual(
      given.map((ws) => ws?.subprotocol),
      [undefined, undefined],
    );
  });

  test("a function chooses, or goes on without one", bounded, async (t) => {
    const { port } = await bare(t, {
      options: { subprotocols: (offered) => offered.find((each) => each.startsWith("v")) },
    });
    const chosen = async (offered: string): Promise<unknown> => {
      const { headers } = await upgradeAnswer(port, "/", { "Sec-WebSocket-Protocol": offered });
      return headers["sec-websocket-protocol"];
    };
    assert.equal(await chosen("x, v7"), "v7");
    assert.equal(await chosen("x"), undefined);
  });

  test(
    "hostile 13: one that was not offered is a SubprotocolError, and 500 for the client",
    bounded,
    async (t) => {
      for (const subprotocols of [() => "other", () => "chat\r\nX-Evil: 1"]) {
        const { port, given, thrown } = await bare(t, { options: { subprotocols } });
        const answer = await answerTo(port, upgradeText("/", "Sec-WebSocket-Protocol: chat\r\n"));
        assert.match(answer, /^HTTP\/1\.1 500 [^]*\r\n\r\nThe server failed\.\n$/);
        assert.doesNotMatch(answer, /^(?:X-Evil|Sec-WebSocket)/im);
        assert.deepEqual(given, []);
        const [error] = thrown;
        assert.ok(error instanceof SubprotocolError);
        assert.deepEqual(error.offered, ["chat"]);
      }
    },
  );

  test(
    "what a function among the options throws, the caller gets, and the client a 500",
    bounded,
    async (t) => {
      const fault = new Error("no database");
      const { port, thrown } = await bare(t, {
        options: {
          allowedOrigins: () => {
            throw fault;
          },
        },
      });
      const answer = await answerTo(port, upgradeText("/", "Origin: http://elsewhere.example\r\n"));
      assert.match(answer, /^HTTP\/1\.1 500 /);
      assert.doesNotMatch(answer, /database/);
      assert.deepEqual(thrown, [fault]);
    },
  );

  test("compresses where the client can, and not without the option", bounded, async (t) => {
    const message = "again and again ".repeat(100);
    for (const compression of [true, false]) {
      const { url } = await bare(t, { options: { compression } });
      const client = await Client.connect(url, "/", { perMessageDeflate: true });
      assert.equal(client.ws.extensions, compression ? "permessage-deflate" : "");
      await client.echo(message);
    }
  });

  test("a message over maxMessageSize ends the connection with 1009", bounded, async (t) => {
    const { url } = await bare(t, { options: { maxMessageSize: 4 } });
    const client = await Client.connect(url, "/");
    await client.echo("1234");
    client.send("12345");
    assert.equal((await client.closed).code, 1009);
  });

  test("one options object serves a thousand sockets, and is checked once", bounded, async (t) => {
    let reads = 0;
    const options: AcceptOptions = {
      get maxMessageSize() {
        reads++;
        return 100;
      },
      subprotocols: ["v1"],
    };
    const server = await bare(t, { options });
    await (await Client.connect(server.url, "/")).echo("first");
    const readsForOne = reads;
    const clients = await Promise.all(
      Array.from({ length: 1_000 }, () => Client.connect(server.url, "/", { protocols: ["v1"] })),
    );
    await Promise.all(clients.map((client, at) => client.echo(`message of ${at}`)));
    assert.equal(reads, readsForOne);
    assert.equal(new Set(server.given).size, 1_001);
    await Promise.all(clients.map((client) => client.close(1000)));
    for (const ws of server.given.slice(1)) await ws?.whenClosed;
  });
});

describe("a socket of acceptUpgrade", () => {
  test("is closed by the client: the loop ends, the signal aborts, and both know how", bounded, async (t) => {
    const ended = deferred();
    const server = await bare(t, {
      async handle(ws) {
        await echo(ws);
        ended.resolve();
      },
    });
    const client = await Client.connect(server.url, "/");
    const ws = await firstOf(server);
    const aborted = once(ws.signal, "abort");
    assert.equal(ws.signal.aborted, false);
    assert.equal((await client.close(3_001, "enough")).code, 3_001);
    await ended.promise;
    await aborted;
    assert.deepEqual(await ws.whenClosed, { code: 3_001, reason: "enough", by: "peer", clean: true });
  });

  test("is closed by the caller, with code and reason", bounded, async (t) => {
    const server = await bare(t, { handle: () => undefined });
    const client = await Client.connect(server.url, "/");
    const ws = await firstOf(server);
    const info = await ws.close(4_000, "go");
    assert.deepEqual(info, { code: 4_000, reason: "go", by: "application", clean: true });
    assert.deepEqual(await client.closed, { code: 4_000, reason: "go" });
    assert.equal(ws.signal.aborted, true);
  });

  test(
    "hostile 58: is not ended because the caller's code returns or throws, nor is any other",
    bounded,
    async (t) => {
      const server = await bare(t, {
        handle(ws) {
          if (ws.request.url === "/broken") throw new Error("the caller's own");
          void echo(ws);
        },
      });
      const other = await Client.connect(server.url, "/");
      const broken = await Client.connect(server.url, "/broken");
      await until(() => server.thrown.length > 0);
      await other.echo("hello");
      const ws = server.given[1];
      assert.ok(ws);
      assert.equal(ws.connected, true);
      await ws.send("still here");
      assert.equal(await broken.next(), "still here");
      await ws.close(1_011);
      assert.equal((await broken.closed).code, 1_011);
    },
  );

  test(
    "hostile 42: ends with 1006 when the peer resets, and the code behind the loop runs",
    bounded,
    async (t) => {
      const ended = deferred();
      const server = await bare(t, {
        async handle(ws) {
          await echo(ws);
          ended.resolve();
        },
      });
      const raw = new RawClient(server.port).write(upgradeText("/")).write(clientFrame("hi"));
      await raw.until("\x81\x02hi");
      await raw.reset();
      await ended.promise;
      const ws = await firstOf(server);
      assert.equal((await ws.whenClosed).code, 1_006);
      await assert.rejects(ws.send("too late"), ConnectionClosedError);
    },
  );

  test("hostile 22: ends with 1002 because of an invalid frame", bounded, async (t) => {
    const server = await bare(t);
    const raw = new RawClient(server.port)
      .write(upgradeText("/"))
      .write(Buffer.from([0x81, 0x02, 0x68, 0x69]));
    assert.ok((await raw.all()).includes("\x03\xea"));
    assert.equal((await (await firstOf(server)).whenClosed).code, 1_002);
  });
});

test("acceptUpgrade works beside Sockets on one server, each with its own paths", bounded, async (t) => {
  const server = createServer((_request, response) => response.end("page"));
  const sockets = new Sockets(server, { handshakeTimeout: 50 });
  sockets.route("/ours", async (ws) => {
    for await (const message of ws) await ws.send(`ours: ${String(message)}`);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url !== "/bare") return;
    const ws = acceptUpgrade(request, socket, head, { subprotocols: ["chat"] });
    if (ws !== undefined) void echo(ws);
  });
  const port = await serve(t, server);
  const ours = await Client.connect(port, "/ours");
  ours.send("hi");
  assert.equal(await ours.next(), "ours: hi");
  const client = await Client.connect(port, "/bare", { protocols: ["chat"] });
  await client.echo("hi");
  assert.equal((await upgradeAnswer(port, "/nobody")).status, 404);
  await client.echo("after the deadline too");
  const page = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(await page.text(), "page");
});
