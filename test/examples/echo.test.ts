/** The echo of each framework, run by its README's command and used as a stranger would. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Client, bounded, upgradeAnswer } from "../frameworks/clients.js";
import { start } from "./start.js";

const examples = {
  "echo-express": "Express",
  "echo-fastify": "Fastify",
  "echo-koa": "Koa",
  "echo-hono": "Hono",
  "echo-http": "node:http",
};

for (const [folder, framework] of Object.entries(examples)) {
  describe(`the example ${folder}`, () => {
    test("says where it is, and answers HTTP and WebSocket there", bounded, async (t) => {
      const { url } = await start(t, folder);
      const page = await fetch(url);
      assert.equal(page.status, 200);
      assert.match(await page.text(), new RegExp(`^Hello from ${framework}! Its echo is at /echo\\.$`));

      const client = await Client.connect(url.replace("http", "ws"), "/echo");
      await client.echo("Grüße, 世界 😀");
      const bytes = Buffer.from([0, 1, 127, 128, 255]);
      client.send(bytes);
      assert.deepEqual(await client.next(), bytes);
      assert.equal((await client.close(1000)).code, 1000);
      assert.equal((await upgradeAnswer(Number(new URL(url).port), "/elsewhere")).status, 404);
    });

    test("ends by SIGTERM, and tells its sockets", bounded, async (t) => {
      const { child, url } = await start(t, folder);
      const exited = once(child, "exit");
      const client = await Client.connect(url.replace("http", "ws"), "/echo");
      child.kill("SIGTERM");
      assert.equal((await client.closed).code, 1001);
      assert.deepEqual(await exited, [0, null]);
    });
  });
}
