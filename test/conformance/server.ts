/** The server under test: a process of its own, which tells its parent its port, and how connections end. */

import type { AddressInfo } from "node:net";
import { Sockets, type RouteOptions } from "jackfield";
import { applications } from "./applications.js";
import { LARGEST_MESSAGE, SMALL_MESSAGE } from "./sizes.js";
import type { Ending, Task } from "./subject.js";

const sockets = new Sockets(undefined, {
  maxMessageSize: LARGEST_MESSAGE,
  logger: { error: () => undefined, warn: () => undefined },
});

function add(path: string, task: Task, options: RouteOptions = {}): void {
  sockets.route(
    path,
    async (ws) => {
      const id = ws.query.get("id") ?? "";
      void ws.whenClosed.then((info) => process.send?.({ id, info } satisfies Ending));
      await applications[task](ws);
    },
    options,
  );
}

add("/echo", "echo");
add("/obey", "obey");
add("/impatient", "obey", { closeTimeout: 200 });
add("/small", "echo", { maxMessageSize: SMALL_MESSAGE });
add("/subprotocols", "echo", { subprotocols: ["newest", "older"] });
add("/compressed", "echo", { compression: { threshold: 0 } });
add("/compressed-from-128", "echo", { compression: true });
add("/compressed-small", "echo", { compression: { threshold: 0 }, maxMessageSize: SMALL_MESSAGE });
for (let server = 9; server <= 15; server++) {
  for (let client = 9; client <= 15; client++) {
    const compression = { threshold: 0, serverMaxWindowBits: server, clientMaxWindowBits: client };
    add(`/compressed/${server}/${client}`, "echo", { compression });
  }
}

// None of this where a test runner takes this file for a test.
if (process.send !== undefined) {
  const server = await sockets.listen(0, "127.0.0.1");
  process.send((server.address() as AddressInfo).port);
  process.once("disconnect", () => process.exit());
}
