/** Tells which process serves a socket, and echoes. */
import { closeSync, openSync } from "node:fs";
import express from "express";
import { Sockets } from "jackfield/express";

export const app = express();
export const sockets = new Sockets(app);

app.get("/", (_request, response) => {
  response.send(String(process.pid));
});

/** Never answers. */
app.get("/slow", () => undefined);

sockets.route("/who", async (ws) => {
  await ws.send(String(process.pid));
  for await (const message of ws) await ws.send(message);
});

sockets.route("/fails", () => {
  throw new Error("the cat is out");
});

/** Never ends by itself, whatever the socket does. */
sockets.route("/hangs", () => new Promise(() => undefined));

/** Opens files until there is no descriptor left, and says so. */
sockets.route("/hoards", async (ws) => {
  const files: number[] = [];
  try {
    for (;;) files.push(openSync("/dev/null", "r"));
  } catch {
    await ws.send("there is none left");
  }
  await ws.whenClosed;
  for (const file of files) closeSync(file);
});
