import express from "express";
import { Sockets } from "jackfield/express";
import { report } from "../serve.js";
import { logIn, session } from "./session.js";

const app = express();
app.use(session);
app.get("/login", logIn);

const sockets = new Sockets(app);

sockets.route("/visitor", async (ws) => {
  await ws.send(ws.request.session.visitor ?? "nobody");
});

sockets.route("/silent", async (ws) => {
  for await (const message of ws) void message;
});

const server = app.listen(0, "127.0.0.1", () => report(server.address()));
