import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { PassThrough, type Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import {
  InvalidOptionError,
  InvalidRoomError,
  openSocket,
  streamTransport,
  type Message,
  type OpenSocketOptions,
  type Socket,
  type Transport,
} from "jackfield";
import { openConnection } from "#src/client/open-connection.js";
import { rawSwitch, switchFields } from "#src/node/switching-protocols.js";
import { Opcode } from "#src/protocol/opcode.js";
import { until } from "../connection/turns.js";
import { frameOf } from "./raw-client.js";
import { StreamEnd, http2Streams } from "./stream-pair.js";

type Pair = readonly [
  server: Socket<Record<string, never>, undefined>,
  client: Socket<Record<string, never>, undefined>,
];

function open([own, others]: readonly [Duplex, Duplex], options: OpenSocketOptions = {}): Pair {
  return [
    openSocket(streamTransport(own), {}, options),
    openSocket(streamTransport(others, { role: "client" })),
  ];
}

async function all(ws: AsyncIterable<Message>): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of ws) messages.push(message);
  return messages;
}

const kinds: Readonly<Record<string, (t: TestContext) => Promise<readonly [Duplex, Duplex]>>> = {
  "a pair in memory": async () => StreamEnd.pair(),
  "an HTTP/2 stream": http2Streams,
};

for (const [kind, streams] of Object.entries(kinds))
  describe(`hostile 91: a socket over ${kind}`, { timeout: 20_000 }, () => {
    test("sends and receives as any other", async (t) => {
      const [server, client] = open(await streams(t));
      const large = Buffer.alloc(700_000, "x");
      void client.send("text");
      void client.send(large);
      assert.equal(await server.receive(), "text");
      assert.ok(large.equals((await server.receive()) as Buffer));
      await server.send(large);
      assert.ok(large.equals((await client.receive()) as Buffer));
      assert.ok((await server.ping()) >= 0);
      void client.close();
      await server.whenClosed;
    });

    test("ends with a clean close from either side", async (t) => {
      for (const side of ["server", "client"] as const) {
        const [server, client] = open(await streams(t));
        const [one, other] = side === "server" ? [server, client] : [client, server];
        void one.send("last words");
        const closing = one.close(4000, "bye");
        assert.deepEqual(await all(other), ["last words"]);
        assert.deepEqual(await closing, { code: 4000, reason: "bye", by: "application", clean: true });
        assert.deepEqual(other.closeInfo, { code: 4000, reason: "bye", by: "peer", clean: true });
        await until(() => one.signal.aborted && other.signal.aborted);
      }
    });

    test("hostile 122: answers with an empty close frame to an empty one", async (t) => {
      for (const [one, other] of [
        open(await streams(t)),
        [...open(await streams(t))].toReversed() as unknown as Pair,
      ]) {
        assert.equal((await one.close("empty")).code, 1005);
        assert.deepEqual(await other.whenClosed, { code: 1005, reason: "", by: "peer", clean: true });
      }
    });

    test("is dropped by terminate(), for both sides", async (t) => {
      const [server, client] = open(await streams(t));
      void client.send("here");
      await server.receive();
      server.terminate();
      assert.equal((await client.whenClosed).code, 1006);
    });

    test("is taken for dead if no pong comes", async (t) => {
      const [own] = await streams(t);
      const alive = setInterval(() => undefined, 1_000); // nothing else keeps the process
      t.after(() => clearInterval(alive));
      const ws = openSocket(streamTransport(own), {}, { pingInterval: 100, pongTimeout: 100 });
      assert.match((await ws.whenClosed).reason, /no pong/);
    });

    test("refuses what breaks the protocol, and too much of anything", async (t) => {
      const [own, others] = await streams(t);
      const ws = openSocket(streamTransport(own, { maxMessageSize: 10 }));
      others.resume();
      others.write(frameOf(Opcode.text, "longer than it may be"));
      assert.equal((await ws.whenClosed).code, 1009);
    });
  });

describe("hostile 91: what openSocket and streamTransport are given", { timeout: 20_000 }, () => {
  test("facts and options hold for the socket", async () => {
    const [own] = StreamEnd.pair();
    const transport = streamTransport(own, {
      remoteAddress: "192.0.2.7",
      head: frameOf(Opcode.text, "early"),
    });
    const request = { any: "thing" };
    const ws = openSocket(transport, {
      request,
      target: "/chat?room=7",
      rawHeaders: ["Cookie", "a=b"],
      subprotocol: "chat.v1",
      params: { id: "7" },
    });
    assert.equal(ws.request, request);
    assert.equal(ws.params.id, "7");
    assert.equal(ws.query.get("room"), "7");
    assert.equal(ws.cookies["a"], "b");
    assert.equal(ws.subprotocol, "chat.v1");
    assert.equal(ws.remoteAddress, "192.0.2.7");
    assert.equal(await ws.receive(), "early");
    ws.terminate();
  });

  test("hostile 53: a rate limit ends the connection with 1008", async () => {
    const [server, client] = open(StreamEnd.pair(), { rateLimit: { messages: 1, per: 60_000 } });
    for (let each = 0; each < 3; each++) void client.send("x");
    assert.equal((await client.whenClosed).code, 1008);
    assert.deepEqual(await all(server), ["x"]);
  });

  test("it can join no rooms", async () => {
    const [server, client] = open(StreamEnd.pair());
    await assert.rejects(server.join("room"), InvalidRoomError);
    await assert.rejects(client.join("room"), InvalidRoomError);
    server.leave("room");
    assert.equal(server.rooms.size, 0);
    server.terminate();
  });

  test("a stream that has ended or is gone already is no connection that hangs", async () => {
    const [gone] = StreamEnd.pair();
    gone.destroy();
    await once(gone, "close");
    assert.equal((await openSocket(streamTransport(gone)).whenClosed).code, 1006);
    const [own, others] = StreamEnd.pair();
    others.end();
    own.resume();
    await once(own, "end");
    assert.equal((await openSocket(streamTransport(own)).whenClosed).code, 1006);
  });

  test("an error of the stream is no uncaught one, before the socket is opened and after", async () => {
    const [own] = StreamEnd.pair();
    const transport = streamTransport(own);
    own.emit("error", new Error("before"));
    const ws = openSocket(transport);
    own.destroy(new Error("after"));
    assert.equal((await ws.whenClosed).code, 1006);
  });

  const wrong: Readonly<Record<string, () => unknown>> = {
    "no stream": () => streamTransport({} as Duplex),
    "nothing as a stream": () => streamTransport(undefined as unknown as Duplex),
    "a stream of objects": () => streamTransport(new PassThrough({ objectMode: true })),
    "a stream of text": () => streamTransport(new PassThrough().setEncoding("utf8")),
    "an unknown role": () => streamTransport(new PassThrough(), { role: "judge" as "server" }),
    "a size that is none": () => streamTransport(new PassThrough(), { maxMessageSize: 0 }),
    "an unknown option of a transport": () => streamTransport(new PassThrough(), { color: "red" } as object),
    "no transport": () => openSocket({} as Transport),
    "an unknown option": () => openSocket(streamTransport(new PassThrough()), {}, { maxRooms: 1 } as object),
    "a wrong option": () => openSocket(streamTransport(new PassThrough()), {}, { closeTimeout: 0 }),
  };
  for (const [what, make] of Object.entries(wrong))
    test(`${what} is an error`, () => assert.throws(make, InvalidOptionError));
});

describe("the client", { timeout: 20_000 }, () => {
  test("hostile 122: can send an empty close frame, and echoes the server's reason", async (t) => {
    const server = createServer();
    const ended: unknown[] = [];
    server.on("upgrade", (request, socket, head) => {
      const key = request.headers["sec-websocket-key"] ?? "";
      socket.write(rawSwitch(switchFields(key, undefined, undefined)));
      const ws = openSocket(streamTransport(socket, { head }));
      if (request.url === "/closes") void ws.close(4000, "enough");
      void ws.whenClosed.then((info) => ended.push(info));
    });
    const port = await listening(t, server);
    const first = await openConnection(new URL(`ws://127.0.0.1:${port}/`));
    assert.equal(first.kind, "opened");
    if (first.kind === "opened") assert.equal((await first.ws.close("empty")).code, 1005);
    await until(() => ended.length === 1);
    assert.deepEqual(ended[0], { code: 1005, reason: "", by: "peer", clean: true });
    await openConnection(new URL(`ws://127.0.0.1:${port}/closes`));
    await until(() => ended.length === 2);
    assert.deepEqual(ended[1], { code: 4000, reason: "enough", by: "application", clean: true });
  });
});

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}
