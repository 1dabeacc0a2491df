/** The server that is attacked: a process of its own. The first argument says how it listens. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import express from "express";
import { Sockets, type SocketsOptions } from "jackfield";
import { Sockets as ExpressSockets } from "jackfield/express";

const options: SocketsOptions = {
  handshakeTimeout: 200,
  logger: { error: () => undefined, warn: () => undefined },
};

async function listenOnHttp(): Promise<Server> {
  const sockets = new Sockets(undefined, options);
  addRoutes(sockets);
  return sockets.listen(0, "127.0.0.1");
}

async function listenOnExpress(): Promise<Server> {
  const app = express();
  app.set("env", "test");
  const sockets = new ExpressSockets(app, options);
  app.use("/never", () => undefined);
  app.get("/facts", (request, response) => {
    response.json({ path: request.path, query: request.query, polluted: isPolluted() });
  });
  addRoutes(sockets);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function addRoutes(sockets: Sockets | ExpressSockets): void {
  const add = (sockets as Sockets).route.bind(sockets);
  add("/echo", async (ws) => {
    for await (const message of ws) await ws.send(message);
  });
  add("/rooms/:room", (ws) =>
    ws.sendJson({
      room: ws.params["room"],
      query: [...ws.query],
      headers: [...ws.headers.keys()].filter((name) => name.startsWith("_")),
      cookies: Object.entries(ws.cookies),
      polluted: isPolluted(),
    }),
  );
  add("/chat", (ws) => ws.send(ws.subprotocol ?? "none"), {
    subprotocols: (offered) => offered[0],
    compression: true,
  });
  add("/unoffered", () => undefined, { subprotocols: () => "other" });
  add("/line-break", () => undefined, { subprotocols: () => "chat\r\nX-Evil: 1" });
}

function isPolluted(): boolean {
  return Object.keys(Object.prototype).length > 0 || ({} as { polluted?: unknown }).polluted !== undefined;
}

const framework = process.argv[2]; // none where a test runner takes this for a test
if (framework !== undefined) {
  const server = await (framework === "express" ? listenOnExpress() : listenOnHttp());
  process.send?.((server.address() as AddressInfo).port);
}
