/** An Express app with an HTTP route and a socket route. */
import express from "express";
import { Sockets } from "jackfield/express";

export const app = express();
export const sockets = new Sockets(app);

app.get("/", (_request, response) => {
  response.send("Hello from Express! Its echo is at /echo.");
});

sockets.route("/echo", async (ws) => {
  for await (const message of ws) await ws.send(message);
});
