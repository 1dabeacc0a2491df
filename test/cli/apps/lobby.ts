/** An app whose sockets speak to those of other processes, as each message asks for, and two audiences that must not mix. */
import express from "express";
import { Sockets } from "jackfield/express";

export const app = express();
const sockets = new Sockets(app, {
  identify: ({ query: { user } }) => (typeof user === "string" ? user : undefined),
});
const lobby = sockets.room("lobby");

/** Tells its process first, then whatever others have it told; `room hi` sends to the room, and so on. */
const chat = sockets.route("/chat/:name", async (ws) => {
  await ws.join(lobby);
  await ws.send(String(process.pid));
  for await (const message of ws) {
    const [whom, text = ""] = String(message).split(" ");
    if (whom === "room") void lobby.send(text);
    else if (whom === "all") void sockets.broadcast(text);
    else if (whom === "route") void chat.send(text);
    else if (whom === "narrowed") void chat.to({ name: "ann" }).send(text);
    else if (whom === "identity") void sockets.of("ann").send(text);
    else if (whom === "log-out") void sockets.of(text).close();
    else if (whom === "count") await ws.sendJson(await counts());
  }
});

async function counts(): Promise<readonly number[]> {
  return Promise.all([
    sockets.count(),
    lobby.count(),
    chat.count(),
    chat.to({ name: "ann" }).count(),
    sockets.of("ann").count(),
  ]);
}

/** Others, that have rooms and a broadcast of their own. */
export const others = new Sockets(app);
others.route("/others", async (ws) => {
  await ws.join("lobby");
  await ws.send(String(process.pid));
  for await (const message of ws) void others.room("lobby").send(message);
});
