/** Message handlers, whose replies are what they return; and rooms. */
import assert from "node:assert/strict";
import { Client, until } from "../../frameworks/clients.js";
import type { Row } from "./row.js";

/** Sends a message to the endpoint of the app, and expects these replies, and no more. */
async function ask(client: Client, message: string, replies: readonly unknown[]): Promise<void> {
  client.send(message);
  client.send("END");
  for (const reply of [...replies, "the end"]) assert.deepEqual(await client.next(), reply);
}

export const handlers: readonly Row[] = [
  {
    id: "W1",
    holds: "what a message handler returns is the reply: nothing, text, bytes; anything else is an error",
    check: async ({ start }) => {
      const { port, log } = await start();
      const client = await Client.connect(port, "/messages");
      assert.equal(await client.next(), "welcome");
      await ask(client, "NOTHING", []);
      await ask(client, "TEXT", ["text"]);
      await ask(client, "BYTES", [Buffer.from("bytes")]);
      client.send("WRONG");
      assert.equal((await client.closed).code, 1011);
      assert.match(String(log.errors[0]?.error), /onMessage\(\/\^\(\?:WRONG\)\/\) of websocket/);
    },
  },
  {
    id: "W2",
    holds: "a pattern is a string, from the beginning of the text on, or a regular expression with its match",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/messages");
      await client.next();
      await ask(client, "ECHO one two", ["one two"]);
      await ask(client, "say TEXT", []);
    },
  },
  {
    id: "W3",
    holds:
      "patterns run first, in their order, then the handlers for everything; matchOne stops at the first",
    check: async ({ start }) => {
      const { port } = await start();
      const all = await Client.connect(port, "/all");
      all.send("ab");
      for (const reply of ["a", "b", "everything"]) assert.equal(await all.next(), reply);
      const one = await Client.connect(port, "/one");
      one.send("ab");
      one.send("c");
      for (const reply of ["a", "everything"]) assert.equal(await one.next(), reply);
    },
  },
  {
    id: "W4",
    holds: "json sends objects",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/messages");
      await client.next();
      await ask(client, "JSON", ['{"a":[1,null]}']);
    },
  },
  {
    id: "W8",
    holds: "handlers for the open and the end of connections, and a broadcast",
    check: async ({ start }) => {
      const { port, sockets } = await start();
      const watcher = await Client.connect(port, "/echo");
      const client = await Client.connect(port, "/messages");
      assert.equal(await client.next(), "welcome");
      await client.close(4000);
      assert.equal(await watcher.next(), "left with 4000");
      await until(() => sockets.size === 1);
    },
  },
  {
    id: "A1",
    holds:
      "events have handlers and are answered with their name and id; what nobody handles is answered too",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/messages");
      await client.next();
      client.send(`{"event":"add","data":[1,2],"id":7}`);
      assert.deepEqual(await client.nextJson(), { event: "add", data: 3, id: 7 });
      client.send(`{"event":"subtract","id":8}`);
      const { error } = (await client.nextJson()) as { error: { code: string } };
      assert.equal(error.code, "unknown_event");
    },
  },
  {
    id: "A2",
    holds: "rooms: joined and left by sockets of any route, spoken to from handlers and from elsewhere",
    check: async ({ start }) => {
      const { port, sockets } = await start();
      const [ann, bob] = [await Client.connect(port, "/lounge"), await Client.connect(port, "/lounge")];
      for (const client of [ann, bob]) {
        client.send("join");
        assert.equal(await client.next(), "joined");
      }
      ann.send("hello");
      assert.equal(await bob.next(), "hello");
      void sockets.room("lounge").send("from plain code");
      for (const client of [ann, bob]) assert.equal(await client.next(), "from plain code");
      await bob.close();
      await until(() => sockets.room("lounge").size === 1);
    },
  },
];
