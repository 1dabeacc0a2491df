/** A process that a tool watches: `node --import ./with-sentry.js watched-server.js express`. It tells its port. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { inMiddleware, siteOf, userOf, type FrameworkName } from "./site.js";
import type { Socket } from "jackfield";

/** What the tool is asked for, whichever it is. */
export interface Reports {
  setUser(user: string): void;
  /** Whose context this is, as the tool tells it. */
  own(): string | undefined;
  fail(message: string): void;
  /** All that it would have sent. */
  all(): Promise<readonly object[]>;
}

const { reports } = globalThis as unknown as { readonly reports: Reports };
const [framework = "express"] = process.argv.slice(2) as [FrameworkName?];

inMiddleware.push((user) => {
  // What node:http has instead of middleware stands around the event, and before all that is watched.
  if (framework !== "node:http") reports.setUser(user);
});

const setUser = (request: { readonly url?: string }): undefined => {
  reports.setUser(new URL(request.url ?? "", "http://localhost").searchParams.get("user") ?? "");
};

const { server, listen } = siteOf(
  framework,
  framework === "node:http" ? { before: setUser } : {},
  (sockets) => {
    sockets.route("/", {
      async message(ws: Socket<never, never>, message: string | Uint8Array) {
        await new Promise((resolve) => void setTimeout(resolve, 1));
        if (message === "fail") reports.fail(`of ${userOf(ws)}`);
        await ws.send(String(reports.own()));
      },
      close: (ws: Socket<never, never>) => reports.fail(`at the end of ${userOf(ws)}`),
    });
  },
);

process.on("message", (order) => {
  if (order === "outside") reports.fail("outside");
  const answer = order === "outside" ? Promise.resolve("done") : reports.all();
  void answer.then((what) => process.send?.(what));
});
if (listen === undefined) await once(server.listen(0, "127.0.0.1"), "listening");
else await listen();
process.send?.((server.address() as AddressInfo).port);
