/**
 * The idle load: connections that are open and silent.
 */

import { Connection, openMany } from "./connection.js";
import type { IdlePlan, Load } from "./plan.js";

export async function startIdle(plan: IdlePlan, fail: (error: Error) => void): Promise<Load> {
  const connections = await openMany(plan.connections, async () =>
    Connection.open({
      port: plan.port,
      path: plan.speaks === "tcp" ? undefined : "/echo",
      onFailure: fail,
      onBytes: () => {
        throw new Error("the server was not asked, but sent something");
      },
    }),
  );
  return {
    messages: () => 0,
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}
