import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo, Server as TcpServer } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Sockets } from "jackfield";
import { cert, key } from "./certificate.js";
import { RawClient } from "./raw-client.js";
import { prepareFor } from "./tcp-pair.js";

const COUNT = 40;

/** What Nagle's algorithm and a delayed acknowledgement cost together, less than that, in milliseconds. */
const DELAYED = 25;

/** The server whose upgrades are taken, and what listens for it. */
const servers: Readonly<Record<string, () => readonly [Server, TcpServer]>> = {
  "a server without noDelay": () => {
    const server = createServer({ noDelay: false });
    return [server, server];
  },
  "a server of HTTP/2 that allows HTTP/1": () => {
    const server = createSecureServer({ key, cert, allowHTTP1: true }) as unknown as Server;
    return [server, server];
  },
  "sockets that were handed over": () => {
    const server = createServer({ noDelay: false });
    return [server, prepareFor("handed over", server)];
  },
};

describe("small messages", { timeout: 20_000 }, () => {
  for (const [what, make] of Object.entries(servers))
    test(`hostile 92: that come 2 ms apart are not held back, on ${what}`, async (t) => {
      const [server, listener] = make();
      const sockets = new Sockets(server);
      let sent = 0;
      sockets.route("/", async (ws) => {
        for await (const _ of ws) {
          void ws.send("first");
          await wait(2);
          sent = performance.now();
          void ws.send("second");
        }
      });
      listener.listen(0, "127.0.0.1");
      await once(listener, "listening");
      const { port } = listener.address() as AddressInfo;
      const client = await RawClient.connect({ port, tls: what.includes("HTTP/2") });
      t.after(() => {
        client.drop();
        listener.close();
      });
      const delays: number[] = [];
      for (let each = 0; each < COUNT; each++) {
        client.text("go on");
        await client.nextOf("text");
        await client.nextOf("text");
        delays.push(performance.now() - sent);
      }
      const late = delays.filter((delay) => delay > DELAYED).length;
      assert.ok(late < COUNT / 4, `${late} of ${COUNT} messages were late`);
    });
});
