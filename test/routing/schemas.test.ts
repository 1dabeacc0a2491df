import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type } from "arktype";
import type { EventErrorMessage } from "jackfield";
import * as v from "valibot";
import { z } from "zod";
import { bounded, until } from "../frameworks/clients.js";
import { eventSite } from "./messages-site.js";

describe("N10: the schema of an event", bounded, () => {
  const schemas = {
    zod: z.object({ name: z.string().min(2).trim(), tags: z.array(z.string()).default([]) }),
    valibot: v.object({
      name: v.pipe(v.string(), v.minLength(2), v.trim()),
      tags: v.optional(v.array(v.string()), []),
    }),
    arktype: type({ name: "string.trim |> string >= 2", tags: type("string[]").default(() => []) }),
  };
  for (const [name, schema] of Object.entries(schemas)) {
    test(`of ${name} checks the data and changes it`, async (t) => {
      const { ask } = await eventSite(t, (sockets) => {
        // The three types have the same output; the compiler looks at each of them in test/types.
        sockets.on("join", schema as (typeof schemas)["zod"], (data) => ({
          welcome: data.name,
          tags: data.tags,
        }));
      });
      assert.deepEqual(await ask({ event: "join", data: { name: "Ann " }, id: 1 }), {
        event: "join",
        data: { welcome: "Ann", tags: [] },
        id: 1,
      });
    });

    test(`of ${name} tells the client what is wrong, and where`, async (t) => {
      const { ask } = await eventSite(t, (sockets) => sockets.on("join", schema, () => "never"));
      const answer = (await ask({
        event: "join",
        data: { name: "Ann", tags: ["a", 7] },
        id: 1,
      })) as EventErrorMessage;
      assert.deepEqual([answer.event, answer.id, answer.error.code], ["join", 1, "invalid_data"]);
      assert.deepEqual(
        answer.error.issues?.map(({ path }) => path),
        [["tags", 1]],
      );
      assert.equal(typeof answer.error.issues?.[0]?.message, "string");
      const missing = (await ask({ event: "join" })) as EventErrorMessage;
      assert.equal(missing.error.code, "invalid_data");
    });
  }

  test("may be asynchronous", async (t) => {
    const taken = z.string().refine(async (name) => name !== "taken", "is taken");
    const { ask } = await eventSite(t, (sockets) => sockets.on("name", taken, (name) => name.toUpperCase()));
    assert.deepEqual(await ask({ event: "name", data: "free" }), { event: "name", data: "FREE" });
    const answer = (await ask({ event: "name", data: "taken" })) as EventErrorMessage;
    assert.deepEqual(answer.error.issues, [{ message: "is taken" }]);
  });

  test("that fails itself is a fault of the application", async (t) => {
    const { client, log, sockets } = await eventSite(t, (sockets) =>
      sockets.on(
        "x",
        z.string().transform(() => {
          throw new Error("the schema failed");
        }),
        () => "never",
      ),
    );
    client.send(`{"event":"x","data":""}`);
    assert.equal((await client.closed).code, 1011);
    await until(() => sockets.size === 0);
    assert.match(String(log.errors[0]?.error), /the schema failed/);
  });
});
