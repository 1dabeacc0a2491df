/** Sockets of several frameworks on one server: whose a path is, only the frameworks know. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { Router } from "@koa/router";
import express from "express";
import { Sockets } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Sockets as KoaSockets } from "jackfield/koa";
import Koa from "koa";
import { WebSocketServer } from "ws";
import { Client, bounded, serve, upgradeAnswer } from "../frameworks/clients.js";
import { echo, echoes } from "./apps.js";

interface Three {
  readonly port: number;
  readonly expressSockets: ExpressSockets;
  readonly koaSockets: KoaSockets;
}

async function three(t: TestContext, beside?: (server: Server) => void): Promise<Three> {
  const app = express();
  const expressSockets = new ExpressSockets(app, { handshakeTimeout: 50 });
  app.get("/express", expressSockets.upgrade(echo));
  app.get("/refused", (_request, response) => void response.status(401).send("no"));

  const koa = new Koa();
  const router = new Router();
  const koaSockets = new KoaSockets(koa, { handshakeTimeout: 50 });
  router.get("/koa", koaSockets.upgrade(echo));
  router.get("/koa/refused", (context) => context.throw(403, "nor here"));
  koa.silent = true;
  koa.use(router.routes());

  const server = createServer(app);
  expressSockets.attach(server);
  koaSockets.attach(server);
  new Sockets(server, { handshakeTimeout: 50 }).route("/http", echo);
  beside?.(server);
  return { port: await serve(t, server), expressSockets, koaSockets };
}

function listenBeside(server: Server): void {
  new WebSocketServer({ server, path: "/theirs" }).on("connection", (socket) => socket.send("theirs"));
}

for (const [kind, beside] of Object.entries({ alone: undefined, "beside ws": listenBeside })) {
  describe(`sockets of Express, Koa and node:http on one server, ${kind}`, () => {
    test("each get theirs", bounded, async (t) => {
      const { port, expressSockets, koaSockets } = await three(t, beside);
      for (const path of ["/koa", "/express", "/http"]) await echoes(port, path);
      assert.deepEqual([expressSockets.size, koaSockets.size], [1, 1]);
      assert.equal(koaSockets.openSockets.limits.total, 1);
    });

    test("each refuse over HTTP what is theirs", bounded, async (t) => {
      const { port } = await three(t, beside);
      const refused = await upgradeAnswer(port, "/refused");
      assert.deepEqual([refused.status, refused.body], [401, "no"]);
      const forbidden = await upgradeAnswer(port, "/koa/refused");
      assert.deepEqual([forbidden.status, forbidden.body], [403, "nor here"]);
    });

    test("leave to nobody what is nobody's", bounded, async (t) => {
      const { port } = await three(t, beside);
      assert.equal((await upgradeAnswer(port, "/nobody")).status, beside === undefined ? 404 : 400);
      if (beside !== undefined) assert.equal(await (await Client.connect(port, "/theirs")).next(), "theirs");
    });

    test("go down one by one", bounded, async (t) => {
      const { port, expressSockets } = await three(t, beside);
      await expressSockets.close();
      await echoes(port, "/koa");
      await echoes(port, "/http");
    });
  });
}
