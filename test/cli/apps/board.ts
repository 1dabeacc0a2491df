/**
 * A board that all sockets read, and that is written to over HTTP. Each line tells which process wrote it, and as its how
 * manieth.
 */
import express from "express";
import { Sockets } from "jackfield/express";

export const app = express();
const sockets = new Sockets(app);
const readers = sockets.room("readers");

sockets.route("/board", async (ws) => {
  await ws.join(readers);
  await ws.send("joined");
  await ws.whenClosed;
});

let written = 0;

app.post("/board/:text", async ({ params }, response) => {
  await readers.send(`${process.pid} ${++written} ${params.text}`);
  response.end();
});
