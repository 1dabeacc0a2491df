/** The socket of the running handler, and HTTP handlers that speak to a client's socket. */
import assert from "node:assert/strict";
import { Client } from "../../frameworks/clients.js";
import { logIn } from "./routes.js";
import type { Row } from "./row.js";

export const context: readonly Row[] = [
  {
    id: "F7",
    holds: "ws of jackfield/context is the handler's socket, in whatever it calls and awaits",
    check: async ({ start }) => {
      const { port } = await start();
      const clients = await Promise.all(
        ["ada", "bob", "eve"].map(async (name) => ({
          name,
          client: await Client.connect(port, `/context/${name}`),
        })),
      );
      for (const { client } of clients) client.send("who am I?");
      for (const { name, client } of clients)
        assert.deepEqual(await client.nextJson(), { name, hasSocketContext: true });
    },
  },
  {
    id: "W6",
    holds: "hasSocketContext() is true in a handler, and false in an HTTP handler",
    check: async ({ start }) => {
      const { port } = await start();
      const client = await Client.connect(port, "/context/ada");
      client.send("?");
      assert.deepEqual(await client.nextJson(), { name: "ada", hasSocketContext: true });
      const page = await fetch(`http://127.0.0.1:${port}/announce`, { method: "POST" });
      assert.deepEqual(await page.json(), { ok: true, hasSocketContext: false });
    },
  },
  {
    id: "W9",
    holds:
      "an HTTP request of the same session sends on that client's socket: by sockets.of(), and by context()",
    check: async ({ start }) => {
      const { port } = await start();
      const speak = async (cookie: string): Promise<unknown> =>
        (await fetch(`http://127.0.0.1:${port}/speak`, { headers: { Cookie: cookie } })).json();
      const [ada, bob] = [await logIn(port, "ada"), await logIn(port, "bob")];
      assert.deepEqual(await speak(ada), { hasSocketContext: false });
      const connect = async (cookie: string): Promise<Client> => {
        const client = await Client.connect(port, "/session", { headers: { Cookie: cookie } });
        await client.next();
        return client;
      };
      const [first, latest, other] = [await connect(ada), await connect(ada), await connect(bob)];
      assert.deepEqual(await speak(ada), { hasSocketContext: true });
      assert.deepEqual([await latest.next(), await latest.next()], ["by the context", "by the identity"]);
      assert.equal(await first.next(), "by the identity");
      other.send("visit");
      assert.equal(await other.next(), "saved");
    },
  },
];
