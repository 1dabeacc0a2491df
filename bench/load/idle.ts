/**
 * The idle load: connections that are open and silent, perhaps after one compressed message.
 */

import { rehearse } from "./compressed.js";
import { COMPRESSION_OFFER, Connection, openMany } from "./connection.js";
import { dialects } from "./dialect.js";
import { compressedClientFrame } from "./frames.js";
import { jsonOf } from "./json.js";
import type { IdlePlan, Load } from "./plan.js";

export async function startIdle(plan: IdlePlan, fail: (error: Error) => void): Promise<Load> {
  const connections = await openMany(plan.connections, async () => openIdle(plan, fail));
  return {
    messages: () => 0,
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}

async function openIdle(plan: IdlePlan, fail: (error: Error) => void): Promise<Connection> {
  const { port, speaks, compressedSize } = plan;
  const dialect = dialects[speaks];
  const headers = compressedSize === undefined ? [] : [COMPRESSION_OFFER];
  const connection = await Connection.open({ port, path: dialect.path("/echo"), headers, onFailure: fail });
  await dialect.greet(connection);
  if (compressedSize !== undefined) {
    const payload = dialect.payload(jsonOf(compressedSize, "order-1"));
    await rehearse(connection, compressedClientFrame(payload), payload);
  }
  connection.listen(() => {
    throw new Error("the server was not asked, but sent something");
  });
  return connection;
}
