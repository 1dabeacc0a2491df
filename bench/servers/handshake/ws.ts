/** `ws` beside an Express app, as its examples do it: the session is called by hand, and no route of Express is. */

import { ServerResponse } from "node:http";
import express, { type Request, type Response } from "express";
import { WebSocketServer } from "ws";
import { report } from "../serve.js";
import { logIn, session } from "./session.js";

const app = express();
app.use(session);
app.get("/login", logIn);

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = app.listen(0, "127.0.0.1", () => report(server.address()));

server.on("upgrade", (upgrade, socket, head) => {
  const request = upgrade as Request;
  void session(request, new ServerResponse(upgrade) as Response, () => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on("error", console.error);
      if (request.url === "/visitor") ws.send(request.session.visitor ?? "nobody");
    });
  });
});
