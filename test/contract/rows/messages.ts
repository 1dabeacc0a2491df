/** What a handler does with its socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Client, RawClient, clientFrame, until, upgradeText } from "../../frameworks/clients.js";
import type { Row } from "./row.js";

export const messages: readonly Row[] = [
  {
    id: "F3",
    holds: "while (!ws.closed) is a loop too",
    check: async ({ start }) => {
      const { port, sockets, log } = await start();
      const client = await Client.connect(port, "/while");
      await client.echo("one");
      await client.echo("two");
      await client.close(1000);
      await until(() => sockets.size === 0);
      assert.deepEqual(log.errors, []);
    },
  },
  {
    id: "F13",
    holds: "single frames are sent, and the connection is closed with code and reason",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/frames");
      assert.equal(await client.next(), "one two");
      assert.deepEqual(await client.closed, { code: 4000, reason: "enough" });
    },
  },
  {
    id: "U3",
    holds: "receive waits, receiveNow doesn't",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/now");
      assert.deepEqual(await client.nextJson(), { empty: true });
      client.send("one");
      client.send("two");
      assert.deepEqual(await client.nextJson(), { first: "one", second: "two", isAll: true });
    },
  },
  {
    id: "K6",
    holds: "receive with a timeout gives undefined, and loses nothing",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/impatient");
      assert.deepEqual(await client.nextJson(), { timedOut: true });
      await client.echo("late");
    },
  },
  {
    id: "U4",
    holds: "a string is sent as text, bytes as binary",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/types");
      assert.deepEqual([await client.next(), await client.next()], ["text", Buffer.from("bytes")]);
    },
  },
  {
    id: "U5",
    holds: "slices of a shared area are sent as text and as binary",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/shared");
      assert.deepEqual([await client.next(), await client.next()], ["world", Buffer.from("hello")]);
    },
  },
  {
    id: "U6",
    holds: "a socket has an id, is connected, and after close() no longer",
    check: async ({ start }) => {
      const { port } = await start();
      const watcher = await Client.connect(port, "/echo");
      const [one, two] = [await Client.connect(port, "/lifetime"), await Client.connect(port, "/lifetime")];
      const born = (await one.nextJson()) as { id: string };
      const other = (await two.nextJson()) as { id: string };
      assert.deepEqual(born, { id: born.id, connected: true, closed: false });
      assert.notEqual(born.id, other.id);
      one.send("close");
      assert.equal((await one.closed).code, 1000);
      assert.deepEqual(await watcher.nextJson(), { id: born.id, connected: false, closed: true });
    },
  },
  {
    id: "K7",
    holds: "after the close, receive throws a ConnectionClosedError with the code, which may be let pass",
    check: async ({ start }) => {
      const { port, sockets, log } = await start();
      const watcher = await Client.connect(port, "/echo");
      const client = await Client.connect(port, "/closed");
      await client.close(4321, "bye");
      assert.equal(await watcher.next(), "4321 bye");
      await until(() => sockets.size === 1);
      assert.deepEqual(log.errors, []);
    },
  },
  {
    id: "K8",
    holds: "when the handler returns, the connection is closed with 1000",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/once");
      await client.echo("only one");
      assert.equal((await client.closed).code, 1000);
    },
  },
  {
    id: "K5",
    holds: "options of the app and of a route: message size, pings, how much may wait",
    check: async ({ start }) => {
      const { port } = await start({ sockets: { maxMessageSize: 32 } });
      const small = await Client.connect(port, "/small");
      small.send("x".repeat(17));
      assert.equal((await small.closed).code, 1009);
      const large = await Client.connect(port, "/echo");
      await large.echo("x".repeat(32));
      large.send("x".repeat(33));
      assert.equal((await large.closed).code, 1009);
      await once((await Client.connect(port, "/pinged")).ws, "ping");
      const patient = await Client.connect(port, "/patient");
      const messages = Array.from({ length: 100 }, (_, at) => `message ${at}`);
      for (const message of messages) patient.send(message);
      await (
        await Client.connect(port, "/begin")
      ).closed;
      for (const message of messages) assert.equal(await patient.next(), message);
    },
  },
  {
    id: "N2",
    holds: "one message at a time, in order, also with asynchronous hooks",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/order");
      for (const message of ["1", "2", "3", "4"]) client.send(message);
      for (const message of ["1", "2", "3", "4"]) assert.equal(await client.next(), message);
    },
  },
  {
    id: "N3",
    holds: "a handler that fails and a malformed frame end their own connection only",
    check: async ({ start }) => {
      const { port, log } = await start();
      const other = await Client.connect(port, "/echo");
      const client = await Client.connect(port, "/fails");
      client.send("fail");
      assert.equal((await client.closed).code, 1011);
      assert.equal(log.errors.length, 1);
      assert.match(log.errors[0]?.message ?? "", /handler of \/fails/);
      const raw = new RawClient(port).write(upgradeText("/echo"));
      await raw.until("\r\n\r\n");
      const malformed = clientFrame("hi");
      malformed.writeUInt8(0xf1, 0); // reserved bits
      await raw.write(malformed).until("\x03\xea"); // 1002
      await other.echo("still here");
      assert.equal(log.errors.length, 1);
    },
  },
  {
    id: "N7",
    holds: "messages go to all, to a route, to those of it with some variables; from HTTP handlers too",
    check: async ({ start }) => {
      const { port } = await start();
      const paths = ["/rooms/1", "/rooms/1", "/rooms/2", "/echo"];
      const clients = await Promise.all(paths.map(async (path) => Client.connect(port, path)));
      const [speaker, neighbour, distant, outside] = clients as [Client, Client, Client, Client];
      speaker.send("hello");
      assert.equal(await neighbour.next(), "hello");
      speaker.send("route");
      for (const each of [speaker, neighbour, distant]) assert.equal(await each.next(), "to the route");
      speaker.send("all");
      for (const each of [neighbour, distant, outside]) assert.equal(await each.next(), "to all");
      for (const query of ["?id=2", ""])
        await fetch(`http://127.0.0.1:${port}/announce${query}`, { method: "POST" });
      assert.equal(await distant.next(), "news for 2");
      for (const each of [speaker, neighbour, distant]) assert.equal(await each.next(), "news");
    },
  },
];
