/** A server of node:http with three events, and the page that uses them. */
import { createServer } from "node:http";
import { Sockets, json } from "jackfield";
import { pageFiles } from "../shared/page-files.js";
import { EntryId, NewEntry, ShoppingList } from "./shopping-list.js";

export async function createApp() {
  const files = await pageFiles("events");
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? "");
    response.writeHead(file === undefined ? 404 : 200, { "Content-Type": file?.type ?? "text/plain" });
    response.end(file?.body ?? "Not found");
  });

  const sockets = new Sockets(server);
  const list = new ShoppingList();
  const news = () => ({ event: "list", data: list.entries });
  const tellAll = () => sockets.broadcast(JSON.stringify(news()));

  sockets.onOpen(() => json(news()));

  // The schema has checked what is given here, and says of which type it is. What is returned is the acknowledgement.
  sockets.on("add", NewEntry, async (entry) => {
    const added = list.add(entry);
    await tellAll();
    return added;
  });

  sockets.on("remove", EntryId, async ({ id }) => {
    const removed = list.remove(id);
    await tellAll();
    return { removed };
  });

  return { server, sockets };
}
