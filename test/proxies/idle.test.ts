/** Sockets on which nothing is said for longer than the proxy waits. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { Sockets, type Socket } from "jackfield";
import { Client, bounded, serve } from "../frameworks/clients.js";
import { skip } from "../services/services.js";
import { Proxy, proxies, type ProxyName } from "./proxy.js";

async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

for (const [name, { service }] of Object.entries(proxies)) {
  const options = { ...bounded, skip: skip(service) };

  test(`hostile 73: pings keep open what ${service.name} would end`, options, async (t) => {
    const server = createServer((_request, response) => void response.end("well")); // HAProxy asks
    const sockets = new Sockets(server);
    sockets.route("/pinged", echo, { pingInterval: 250 });
    sockets.route("/silent", echo, { pingInterval: 0 });
    const proxy = await Proxy.start(t, name as ProxyName, { upstream: await serve(t, server), idle: "1s" });

    for (const url of [`ws://127.0.0.1:${proxy.port}`, `wss://127.0.0.1:${proxy.securePort}`]) {
      const connect = (path: string) => Client.connect(url, path, { rejectUnauthorized: false });
      const pinged = await connect("/pinged");
      // Each of these takes as long as the proxy waits.
      for (let each = 0; each < 2; each++)
        assert.deepEqual(await (await connect("/silent")).closed, { code: 1006, reason: "" });
      await pinged.echo("still here");
    }
  });
}
