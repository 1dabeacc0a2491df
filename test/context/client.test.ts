import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { openConnection } from "#src/client/open-connection.js";
import { Sockets } from "jackfield";
import { bounded, portOf } from "../frameworks/clients.js";

test(
  "hostile 85: a client's socket is called in the context that it was connected in",
  bounded,
  async (t) => {
    const sockets = new Sockets();
    sockets.route("/", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    const server = await sockets.listen(0, "127.0.0.1");
    t.after(() => sockets.close({ grace: 0 }));
    const storage = new AsyncLocalStorage<string>();
    const url = new URL(`ws://127.0.0.1:${portOf(server)}/`);
    for (const name of ["ada", "bob"]) {
      await storage.run(name, async () => {
        const opening = await openConnection(url);
        assert.ok(opening.kind === "opened");
        const { ws } = opening;
        const aborted = new Promise((resolve) => {
          ws.signal.addEventListener("abort", () => resolve(storage.getStore()));
        });
        await ws.send("hello");
        assert.equal(await ws.receive({ timeout: 5_000 }), "hello");
        assert.equal(storage.getStore(), name);
        await storage.run("another", () => ws.close());
        assert.equal(await aborted, name);
      });
    }
  },
);
