/** Tells which process serves a socket, and echoes. */
import express from "express";
import { Sockets } from "jackfield/express";

export const app = express();
export const sockets = new Sockets(app);

app.get("/", (_request, response) => {
  response.send(String(process.pid));
});

sockets.route("/who", async (ws) => {
  await ws.send(String(process.pid));
  for await (const message of ws) await ws.send(message);
});

sockets.route("/fails", () => {
  throw new Error("the cat is out");
});

/** Never ends by itself, whatever the socket does. */
sockets.route("/hangs", () => new Promise(() => undefined));
