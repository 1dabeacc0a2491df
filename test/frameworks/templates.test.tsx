/** `urlFor` in the templates of each framework: the page that is rendered holds a URL, and the URL leads to a socket. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get, type IncomingMessage, type Server } from "node:http";
import { get as getSecurely } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, test, type TestContext } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import fastifyView from "@fastify/view";
import { createAdaptorServer } from "@hono/node-server";
import koaEjs from "@koa/ejs";
import { Router } from "@koa/router";
import ejs from "ejs";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { Blueprint } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import jackfield from "jackfield/fastify";
import { Sockets as HonoSockets } from "jackfield/hono";
import { Sockets as KoaSockets } from "jackfield/koa";
import Koa from "koa";
import { cert, key } from "../node/certificate.js";
import { Client, bounded, serve, served } from "./clients.js";

/** The same for all frameworks, as is the template. */
const lounge = new Blueprint("lounge", { urlPrefix: "/lounge" }).route(
  "/tables/:id",
  async (ws) => {
    await ws.send(ws.params.id);
    for await (const message of ws) await ws.send(message);
  },
  { name: "table" },
);

const template = `<main data-socket="<%= urlFor("lounge.table", { id }, { request }) %>"><%= id %></main>`;

/** What would break out of an attribute, of a path, or of the percent-encoding. */
const id = `Ada & O'Hara's "50%" <b>?#/ 世界`;

let views: string;
before(async () => {
  views = await mkdtemp(join(tmpdir(), "jackfield-views-"));
  await writeFile(join(views, "table.ejs"), template);
});
after(() => rm(views, { recursive: true }));

async function expressApp(t: TestContext, isTrusting: boolean): Promise<number> {
  const app = express();
  const sockets = new ExpressSockets(app).register(lounge);
  app.set("views", views).set("view engine", "ejs").set("trust proxy", isTrusting);
  app.locals["urlFor"] = sockets.urlFor;
  app.get("/tables/:id", (request, response) => {
    response.render("table", { id: request.params.id, request });
  });
  return served(t, app.listen(0, "127.0.0.1"));
}

async function koaApp(t: TestContext, isTrusting: boolean): Promise<number> {
  const app = new Koa({ proxy: isTrusting });
  const sockets = new KoaSockets(app).register(lounge);
  koaEjs(app, { root: views, viewExt: "ejs", layout: false });
  app.use((context, next) => {
    context.state["urlFor"] = sockets.urlFor;
    return next();
  });
  const router = new Router();
  router.get("/tables/:id", (context) =>
    context["render"]("table", { id: context.params["id"], request: context }),
  );
  app.use(router.routes());
  return served(t, app.listen(0, "127.0.0.1"));
}

async function fastifyApp(t: TestContext, isTrusting: boolean): Promise<number> {
  const app = fastify({ trustProxy: isTrusting });
  await app.register(jackfield);
  app.sockets.register(lounge);
  const { urlFor } = app.sockets;
  await app.register(fastifyView, {
    engine: { ejs },
    root: views,
    viewExt: "ejs",
    defaultContext: { urlFor },
  });
  app.get<{ Params: { id: string } }>("/tables/:id", (request, reply) =>
    reply.view("table", { id: request.params.id, request }),
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  return served(t, app.server);
}

async function honoApp(t: TestContext, isTrusting: boolean): Promise<number> {
  const app = new Hono();
  const sockets = new HonoSockets(app, { trustProxy: isTrusting && ["127.0.0.1"] }).register(lounge);
  app.get("/tables/:id", (request) => {
    const id = request.req.param("id");
    return request.html(<main data-socket={sockets.urlFor("lounge.table", { id }, { request })}>{id}</main>);
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  sockets.attach(server);
  return serve(t, server);
}

const apps = {
  "EJS on Express": expressApp,
  "EJS on Koa": koaApp,
  "EJS on Fastify, by @fastify/view": fastifyApp,
  "JSX on Hono": honoApp,
};

for (const [name, start] of Object.entries(apps)) {
  describe(`urlFor in ${name}`, () => {
    test("writes a ws:// URL that leads to the socket", bounded, async (t) => {
      const port = await start(t, false);
      const url = await urlOnPage(`http://127.0.0.1:${port}`);
      assert.equal(url, `ws://127.0.0.1:${port}/lounge/tables/${encodeURIComponent(id)}`);
      await assertLeadsToTable(url);
    });

    test("writes a wss:// URL behind a trusted proxy that speaks TLS", bounded, async (t) => {
      const port = await proxied(t, await start(t, true));
      const url = await urlOnPage(`https://127.0.0.1:${port}`);
      assert.equal(url, `wss://127.0.0.1:${port}/lounge/tables/${encodeURIComponent(id)}`);
      await assertLeadsToTable(url);
    });

    test("believes no proxy that isn't trusted", bounded, async (t) => {
      const port = await start(t, false);
      const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.com" };
      assert.match(await urlOnPage(`http://127.0.0.1:${port}`, headers), /^ws:\/\/127\.0\.0\.1:/);
    });
  });
}

const insecure = { rejectUnauthorized: false } as const;

async function assertLeadsToTable(url: string): Promise<void> {
  const client = await Client.connect(url, "", insecure);
  assert.equal(await client.next(), id);
  await client.echo("hello");
  await client.close();
}

/** The URL of the socket, as a browser reads it out of the page of the table. */
async function urlOnPage(base: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const options = { ...insecure, headers, agent: false } as const;
  const request = (base.startsWith("https") ? getSecurely : get)(
    `${base}/tables/${encodeURIComponent(id)}`,
    options,
  );
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const html = await text(response);
  assert.equal(response.statusCode, 200, html);
  assert.match(response.headers["content-type"] ?? "", /^text\/html\b/);
  const [, url = "", content = ""] = /^<main data-socket="([^"<>']+)">([^"<>']+)<\/main>$/.exec(html) ?? [];
  assert.equal(unescape(content), id, html);
  return unescape(url);
}

/** What the entities of HTML stand for, as far as templates write them. */
function unescape(html: string): string {
  const entities: Readonly<Record<string, string>> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    "#34": '"',
    "#39": "'",
  };
  return html.replace(/&(#?\w+);/g, (entity, name: string) => entities[name] ?? entity);
}

/** A proxy that ends TLS, sends on under a name of its own, and tells the app whom the client asked. */
async function proxied(t: TestContext, port: number): Promise<number> {
  const proxy = createTlsServer({ key, cert }, (client) => {
    client.once("data", (head: Buffer) => {
      const app = connect(port, "127.0.0.1");
      const told = "Host: app.internal\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host:$1";
      app.write(head.toString("latin1").replace(/^Host:(.*)$/im, told), "latin1");
      pipeline(client, app, client, () => undefined);
    });
  });
  t.after(() => proxy.close());
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return (proxy.address() as AddressInfo).port;
}
