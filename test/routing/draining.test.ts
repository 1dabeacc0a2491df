/** Going down with many sockets open. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Sockets } from "jackfield";
import { Client, bounded, served } from "../frameworks/clients.js";

/** How many are told at once. */
const BATCH = 200;

test(
  "N9: many sockets are told to go in batches, so that they don't all come back at once",
  bounded,
  async (t) => {
    const sockets = new Sockets();
    const route = sockets.route("/", async (ws) => {
      for await (const _ of ws);
    });
    const port = await served(t, await sockets.listen(0, "127.0.0.1"));
    const clients: Client[] = [];
    while (clients.length < 2 * BATCH + 1) clients.push(await Client.connect(port, "/"));
    assert.equal(route.size, 2 * BATCH + 1);

    const closed = sockets.close();
    assert.equal(route.size, BATCH + 1);
    for (const client of clients) assert.equal((await client.closed).code, 1001);
    await closed;
    assert.equal(sockets.size, 0);
  },
);
