/** A Koa app with an HTTP route and a socket route, both of them on its router. */
import { Router } from "@koa/router";
import { Sockets } from "jackfield/koa";
import Koa from "koa";

export const app = new Koa();
export const sockets = new Sockets(app);
const router = new Router();

router.get("/", (context) => {
  context.body = "Hello from Koa! Its echo is at /echo.";
});

router.get(
  "/echo",
  sockets.upgrade(async (ws) => {
    for await (const message of ws) await ws.send(message);
  }),
);

app.use(router.routes());
