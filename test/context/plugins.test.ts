/** What frameworks have for the context of a request holds in their sockets, too. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fastifyRequestContext, requestContext } from "@fastify/request-context";
import { createAdaptorServer } from "@hono/node-server";
import fastify from "fastify";
import { Hono } from "hono";
import { contextStorage, getContext } from "hono/context-storage";
import type { Server } from "node:http";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { Sockets as HonoSockets } from "jackfield/hono";
import { Client, RawClient, bounded, serve, served, until, upgradeText } from "../frameworks/clients.js";

declare module "@fastify/request-context" {
  interface RequestContextData {
    user: string;
  }
}

interface Variables {
  readonly Variables: { readonly user: string };
}

const heartbeat = { pingInterval: 60, pongTimeout: 60 } as const;

/** Ada connects first, Bob is taken for dead. @returns what was told of their sockets */
async function told(port: number, seen: readonly string[]): Promise<readonly string[]> {
  const ada = await Client.connect(port, "/?user=ada");
  ada.send("hello");
  assert.equal(await ada.next(), "ada");
  new RawClient(port).write(upgradeText("/?user=bob"));
  await until(() => seen.includes("bob: the end of bob"));
  await ada.close();
  await until(() => seen.length === 2);
  return seen;
}

test("hostile 85: @fastify/request-context", bounded, async (t) => {
  const app = fastify();
  await app.register(fastifyRequestContext);
  app.addHook("onRequest", async (request) => {
    request.requestContext.set("user", (request.query as { readonly user: string }).user);
  });
  const seen: string[] = [];
  new FastifySockets(app).route(
    "/",
    {
      message: (ws) => void ws.send(String(requestContext.get("user"))),
      close: (ws) => void seen.push(`${requestContext.get("user")}: the end of ${ws.query.get("user")}`),
    },
    heartbeat,
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  const port = await served(t, app.server);
  assert.deepEqual(await told(port, seen), ["bob: the end of bob", "ada: the end of ada"]);
});

test("hostile 85: contextStorage() of Hono", bounded, async (t) => {
  const app = new Hono<Variables>();
  app.use(contextStorage());
  app.use((context, next) => {
    context.set("user", String(context.req.query("user")));
    return next();
  });
  const seen: string[] = [];
  const sockets = new HonoSockets<Variables>(app);
  const user = (): string => getContext<Variables>().var.user;
  sockets.route(
    "/",
    {
      message: (ws) => void ws.send(user()),
      close: (ws) => void seen.push(`${user()}: the end of ${ws.query.get("user")}`),
    },
    heartbeat,
  );
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  sockets.attach(server);
  assert.deepEqual(await told(await serve(t, server), seen), ["bob: the end of bob", "ada: the end of ada"]);
});
