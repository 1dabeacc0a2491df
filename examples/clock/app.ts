/** A Koa app whose clock is at /clock, and the page that shows it. */
import Koa from "koa";
import { Sockets } from "jackfield/koa";
import { pageFiles } from "../shared/page-files.js";

/** @param interval - from one time to the next, in milliseconds */
export async function createApp({ interval = 1_000 } = {}) {
  const app = new Koa();
  const sockets = new Sockets(app);
  const files = await pageFiles("clock");

  sockets.route("/clock", async (ws) => {
    for (;;) {
      await ws.send(new Date().toISOString());
      // Until the next full second, lest the clock drift.
      const message = await ws.receive({ timeout: interval - (Date.now() % interval) });
      if (message === "stop") return; // which closes the connection with 1000
    }
  });

  app.use((context, next) => {
    const file = files.get(context.path);
    if (file === undefined) return next();
    context.type = file.type;
    context.body = file.body;
    return undefined;
  });

  return { app, sockets };
}
