/** Forms that send over WebSockets: what they are answered with leaves the page as it is (204). */
import { Router, urlencoded, type Request } from "express";
import { hasSocketContext, ws } from "jackfield/context";
import type { Sockets } from "jackfield/express";

const maxTextLength = 2000;

export function forms(sockets: Sockets): Router {
  const router = Router();
  router.use(urlencoded());

  router.post("/broadcast", async (request, response) => {
    await sockets.broadcast(`To everybody: ${textOf(request)}`);
    response.sendStatus(204);
  });

  router.post("/send-to-session", async (request, response) => {
    await sockets.of(request.sessionID).send(`To your pages: ${textOf(request)}`);
    response.sendStatus(204);
  });

  // Behind `sockets.context()`, `ws` is the socket that this session opened last, if it has one.
  router.post("/send", sockets.context(), async (request, response) => {
    if (!hasSocketContext()) {
      response.status(409).send("Your session has no open socket.");
      return;
    }
    await ws.send(`To the page that you opened last: ${textOf(request)}`);
    response.sendStatus(204);
  });

  return router;
}

function textOf(request: Request): string {
  const { text } = (request.body ?? {}) as { readonly text?: unknown };
  return typeof text === "string" ? text.slice(0, maxTextLength) : "";
}
