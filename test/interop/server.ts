/** The server that all clients talk to. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Sockets, type CloseInfo } from "jackfield";

export const mebibyte = 2 ** 20;

export interface InteropServer {
  /** Without a path, as `ws://127.0.0.1:1234`. */
  readonly url: string;
  /** How each connection ended, in the order in which they began. */
  readonly closes: readonly Promise<CloseInfo>[];
  stop(): Promise<void>;
}

export async function startServer({
  compression,
}: {
  readonly compression: boolean;
}): Promise<InteropServer> {
  const sockets = new Sockets(undefined, {
    compression,
    maxMessageSize: 16 * mebibyte,
    subprotocols: ["newest", "older"],
  });
  const closes: Promise<CloseInfo>[] = [];

  sockets.route("/echo", async (ws) => {
    closes.push(ws.whenClosed);
    for await (const message of ws) await ws.send(message);
  });
  sockets.route("/leave", async (ws) => {
    closes.push(ws.whenClosed);
    await ws.close(4001, "tschüß");
  });
  sockets.route("/return", (ws) => {
    closes.push(ws.whenClosed);
  });

  // Browsers come from a page of the same origin.
  const server = createServer((_request, response) => response.end("<!doctype html>"));
  sockets.attach(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async () => {
    await sockets.close();
    server.close();
    server.closeAllConnections();
  };
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}`, closes, stop };
}
