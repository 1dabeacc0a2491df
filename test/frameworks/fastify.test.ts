import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fastify5, { type FastifyInstance } from "fastify";
import fastify4 from "fastify4";
import jackfield, { Sockets } from "jackfield/fastify";
import { Client, Log, RawClient, bounded, served, upgradeAnswer, upgradeText } from "./clients.js";

async function listening(t: Parameters<typeof served>[0], app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: "127.0.0.1" });
  return served(t, app.server);
}

const versions = [
  { version: 5, fastify: fastify5 },
  { version: 4, fastify: fastify4 },
];

for (const { version, fastify } of versions) {
  describe(`Fastify ${version}`, () => {
    test("as a plugin it respects prefixes and hooks of encapsulated plugins", bounded, async (t) => {
      const app = fastify();
      await app.register(jackfield, { maxMessageSize: 64 });
      app.register(
        async (rooms) => {
          rooms.addHook("preHandler", async (request, reply) =>
            request.headers.authorization === "me" ? undefined : reply.code(401).send({ error: "who?" }),
          );
          rooms.sockets.route("/:id", async (ws) => ws.send(ws.params.id), { name: "room" });
          rooms.sockets.route("/", (ws) => ws.send("all rooms"));
        },
        { prefix: "/rooms" },
      );
      app.sockets.route("/open", (ws) => ws.send("open"));
      const port = await listening(t, app);
      const refused = await upgradeAnswer(port, "/rooms/7");
      assert.deepEqual([refused.status, JSON.parse(refused.body)], [401, { error: "who?" }]);
      const headers = { Authorization: "me" };
      assert.equal(await (await Client.connect(port, "/rooms/7", { headers })).next(), "7");
      assert.equal(await (await Client.connect(port, "/rooms", { headers })).next(), "all rooms");
      assert.equal(await (await Client.connect(port, "/open")).next(), "open");
      assert.equal(app.sockets.urlFor("room", { id: 7 }), "/rooms/7");
    });

    test("routes take Fastify's own hooks, schemas and constraints", bounded, async (t) => {
      const app = fastify();
      const sockets = new Sockets(app);
      const ran: string[] = [];
      sockets.route("/numbers/:id", (ws) => ws.sendJson(ws.params), {
        schema: { params: { type: "object", properties: { id: { type: "integer" } } } },
        constraints: { host: "numbers.example" },
        onRequest: async () => void ran.push("onRequest"),
        preHandler: async () => void ran.push("preHandler"),
        onSend: async (_request, reply) => void reply.header("x-sent", "yes"),
      });
      const port = await listening(t, app);
      const headers = { Host: "numbers.example" };
      const client = await Client.connect(port, "/numbers/7", { headers });
      assert.equal(client.headers["x-sent"], "yes");
      assert.deepEqual(await client.nextJson(), { id: 7 }); // as the schema says
      assert.deepEqual(ran, ["onRequest", "preHandler"]);
      assert.equal((await upgradeAnswer(port, "/numbers/seven", headers)).status, 400);
      assert.equal((await upgradeAnswer(port, "/numbers/7")).status, 404);
    });

    test("a native route learns its path, so that its name has a URL", bounded, async (t) => {
      const app = fastify();
      const sockets = new Sockets(app);
      await app.register(
        async (instance) => {
          instance.get(
            "/:id(^\\d+$)",
            sockets.upgrade(() => undefined, { name: "native" }),
          );
        },
        { prefix: "/native" },
      );
      const port = await listening(t, app);
      assert.equal(sockets.urlFor("native", { id: 7 }), "/native/7");
      assert.equal((await upgradeAnswer(port, "/native/7")).status, 101);
      assert.equal((await upgradeAnswer(port, "/native/seven")).status, 404);
    });

    test("app.close() ends the sockets first", bounded, async (t) => {
      const app = fastify();
      new Sockets(app).route("/echo", async (ws) => {
        for await (const message of ws) await ws.send(message);
      });
      const client = await Client.connect(await listening(t, app), "/echo");
      await app.close();
      assert.deepEqual(await client.closed, { code: 1001, reason: "the server goes down" });
    });

    test("app.close() doesn't fail because a client never answers the close", bounded, async (t) => {
      const app = fastify({ pluginTimeout: 500 });
      const log = new Log();
      new Sockets(app, { logger: log }).route("/hang", () => new Promise(() => undefined));
      const raw = new RawClient(await listening(t, app)).write(upgradeText("/hang"));
      await raw.until("\r\n\r\n");
      await app.close();
      await raw.closed;
      assert.equal(log.warnings.length, 1);
    });

    test("a fallback answers plain requests, and may send later", bounded, async (t) => {
      const app = fastify();
      new Sockets(app).route("/page", (ws) => ws.send("a socket"), {
        fallback: (_request, reply) => {
          setImmediate(() => void reply.send("a page"));
        },
      });
      const port = await listening(t, app);
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/page`)).text(), "a page");
      assert.equal(await (await Client.connect(port, "/page")).next(), "a socket");
    });
  });
}
