/** A proxy and an application that meet at a Unix socket, where nobody has an address. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { Sockets } from "jackfield";
import { Client, bounded } from "../frameworks/clients.js";
import { skip } from "../services/services.js";
import { Proxy, proxies, type ProxyName } from "./proxy.js";
import { folderWith } from "../services/folder-with.js";

for (const [name, { service }] of Object.entries(proxies)) {
  const options = { ...bounded, skip: skip(service) };

  test(`behind ${service.name}, the application may listen at a Unix socket`, options, async (t) => {
    const server = createServer((_request, response) => void response.end("well"));
    const sockets = new Sockets(server, { trustProxy: true });
    sockets.route("/whence", (ws) => {
      const url = sockets.urlFor("/whence", {}, { request: ws.request });
      return ws.sendJson({ address: ws.remoteAddress, url });
    });
    const path = join(await folderWith(t), "app.sock");
    server.listen(path);
    await once(server, "listening");
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });

    const { securePort } = await Proxy.start(t, name as ProxyName, { upstream: path });
    const url = `wss://127.0.0.1:${securePort}`;
    const client = await Client.connect(url, "/whence", {
      localAddress: "127.0.0.2",
      rejectUnauthorized: false,
    });
    assert.deepEqual(await client.nextJson(), { address: "127.0.0.2", url: `${url}/whence` });
    await client.closed;
  });
}
