/** A Hono app with an HTTP route and a socket route. */
import { Hono } from "hono";
import { Sockets } from "jackfield/hono";

export const app = new Hono();
export const sockets = new Sockets(app);

app.get("/", (context) => context.text("Hello from Hono! Its echo is at /echo."));

sockets.route("/echo", async (ws) => {
  for await (const message of ws) await ws.send(message);
});
