/** An app of a process of its own, which logs as its argument says, and tells its parent the port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Sockets, type Logger } from "jackfield";

const broken = new Error("the logger fails");

const rejecting = (): unknown => Promise.reject(broken);

const loggers: Readonly<Record<string, Logger | undefined>> = {
  "the default": undefined,
  console,
  "one that writes to the console": {
    error: (message) => console.error(message),
    warn: (message) => console.warn(message),
  },
  "one that throws": {
    error: () => {
      throw broken;
    },
    warn: () => {
      throw broken;
    },
  },
  "one that rejects": { error: rejecting, warn: rejecting },
};

const [, , name = ""] = process.argv;
const logger = loggers[name];
const server = createServer();
const sockets = new Sockets(server, {
  ...(logger !== undefined && { logger }),
  onError: () => {
    throw new Error("the hook fails, too");
  },
});

sockets.route("/fails", () => {
  throw new Error("of the app");
});

/** Tells who listens for failures of the standard streams. */
sockets.route("/listeners", async (ws) => {
  await ws.sendJson([process.stdout, process.stderr].map((stream) => stream.listenerCount("error")));
});

/** A failure of its own: nobody else is to hide it. */
sockets.route("/writes", (ws) => {
  process.stderr.write("of the app\n");
  return ws.whenClosed.then(() => undefined);
});

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
