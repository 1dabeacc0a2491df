/** A Hono app with two auctions: two instances of one class, each with a path of its own. */
import { Hono } from "hono";
import { Sockets } from "jackfield/hono";
import { Auction } from "./auction.js";

export const app = new Hono();
export const sockets = new Sockets(app);

app.get("/", (context) => context.text("Bid at /auctions/chair or /auctions/table."));

for (const item of ["chair", "table"]) {
  sockets.route(`/auctions/${item}`, new Auction(`A ${item}`, sockets.room(`auction of the ${item}`)));
}
