/** Beside Vite 8's dev server in middleware mode: routes work, and hot reload still does. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test, type TestContext } from "node:test";
import express from "express";
import fastify, { type RouteHandlerMethod } from "fastify";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Sockets as FastifySockets } from "jackfield/fastify";
import { Sockets as KoaSockets } from "jackfield/koa";
import Koa from "koa";
import type { Browser } from "playwright-core";
import { Client, bounded, serve, served, upgradeAnswer } from "../frameworks/clients.js";
import { launchBrowser } from "../services/browser.js";
import { services, skip } from "../services/services.js";
import { echo } from "./apps.js";
import { ViteProject, connectHotReload } from "./vite-project.js";

interface ViteApp {
  readonly port: number;
  readonly project: ViteProject;
}

/** Routes of ours at `/ours`, and at `/`, where Vite's hot reload lives. */
const apps: Record<string, (t: TestContext) => Promise<ViteApp>> = {
  async Express(t) {
    const app = express();
    const server = createServer(app);
    const project = await ViteProject.create(t, server);
    const sockets = new ExpressSockets(app);
    sockets.route("/ours", echo);
    sockets.route("/", echo);
    app.use(project.middleware);
    sockets.attach(server);
    return { port: await serve(t, server), project };
  },

  async "Express, with routes in its own router"(t) {
    const app = express();
    const server = createServer(app);
    const sockets = new ExpressSockets(app);
    for (const path of ["/ours", "/"]) app.get(path, sockets.upgrade(echo));
    sockets.attach(server);
    const project = await ViteProject.create(t, server);
    app.use(project.middleware);
    return { port: await serve(t, server), project };
  },

  async Koa(t) {
    const app = new Koa();
    const sockets = new KoaSockets(app);
    sockets.route("/ours", echo);
    sockets.route("/", echo);
    const server = createServer((request, response) => void app.callback()(request, response));
    sockets.attach(server);
    const project = await ViteProject.create(t, server);
    app.use(async ({ req, res }, next) => {
      res.statusCode = 200; // Koa begins with 404, which middleware of Connect would take for an answer
      await new Promise((resolve) => project.middleware(req, res, resolve));
      return next();
    });
    return { port: await serve(t, server), project };
  },

  async Fastify(t) {
    const app = fastify();
    const project = await ViteProject.create(t, app.server);
    const serveVite: RouteHandlerMethod = (request, reply) => {
      reply.hijack();
      project.middleware(request.raw, reply.raw, () => reply.raw.writeHead(404).end());
    };
    app.setNotFoundHandler(serveVite);
    const sockets = new FastifySockets(app);
    sockets.route("/ours", echo);
    sockets.route("/", echo, { fallback: serveVite });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: await served(t, app.server), project };
  },
};

async function assertOurs(port: number): Promise<void> {
  for (const path of ["/ours", "/"]) {
    const client = await Client.connect(port, path);
    await client.echo(path);
    await client.close();
  }
}

for (const [name, start] of Object.entries(apps)) {
  test(`N6: on ${name}, routes and hot reload share the server`, bounded, async (t) => {
    const { port, project } = await start(t);
    await assertOurs(port);
    const vite = await connectHotReload(port);
    let update: unknown;
    const arrived = vite.nextJson().then((message) => (update = message));
    await project.saveUntil(() => update !== undefined);
    await arrived;
    const { type, updates } = update as { type: string; updates: { path: string }[] };
    assert.deepEqual([type, updates[0]?.path], ["update", "/main.js"]);
    await assertOurs(port);
    await vite.close();
  });

  test(`N6: on ${name}, Vite's client is asked to come again when the server is back`, bounded, async (t) => {
    const { port } = await start(t);
    const ping = await Client.connect(port, "/", { protocols: ["vite-ping"] });
    assert.equal((await ping.closed).code, 1000);
  });
}

describe("N6: a page that Vite serves, in Chromium", { skip: skip(services.chromium) }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());

  for (const [name, start] of Object.entries(apps)) {
    test(`on ${name}, it talks over our socket and is changed while it is open`, bounded, async (t) => {
      const { port, project } = await start(t);
      const page = await browser.newPage();
      t.after(() => page.close());
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.getByText("over our socket").waitFor();
      let isChanged = false;
      const changed = page
        .getByRole("heading", { name: /version (?!1$)\d+/ })
        .waitFor()
        .then(() => (isChanged = true));
      await project.saveUntil(() => isChanged);
      await changed;
      assert.equal(await page.getByText("over our socket").count(), 1);
      assert.equal((await upgradeAnswer(port, "/ours")).status, 101);
    });
  }
});
