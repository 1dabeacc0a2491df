/** Routes whose messages are for many: rooms, parts of a route, and everyone. */

import type { Sockets } from "jackfield/express";

/** Rooms by words: `join lobby`, `leave lobby`, `say lobby hello`; a route by its params: whatever is said there. */
export function addressees(sockets: Sockets): void {
  sockets.route("/rooms", {
    async message(ws, message) {
      const [verb, room = "", ...words] = String(message).split(" ");
      if (verb === "join") await ws.join(room);
      else if (verb === "leave") ws.leave(room);
      else await sockets.room(room).send(words.join(" "));
      if (verb !== "say") await ws.send(`${verb} ${room}`);
    },
  });
  const tickers = sockets.route("/tickers/:symbol", async (ws) => {
    for await (const message of ws) await tickers.to({ symbol: ws.params.symbol }).send(message);
  });
  // Its clients have compression or not, as they ask for, and get one and the same message.
  const news = sockets.route(
    "/news",
    async (ws) => {
      for await (const message of ws) await news.send(message);
    },
    { compression: true },
  );
}
