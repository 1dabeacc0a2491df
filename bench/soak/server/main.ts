/** The server of a soak: two sites, over TCP and TLS, which one broker and one store of sessions connect, and what they cost. */

import { once } from "node:events";
import type { Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { MemoryStore } from "express-session";
import { MemoryBroker } from "jackfield";
import { cert, key } from "../../../test/node/certificate.js";
import { answerCalls } from "../../answer-calls.js";
import { Gauge } from "./gauge.js";
import { leakOf } from "./leak.js";
import { soakSite, type Site } from "./site.js";
import { Faults } from "./faults.js";

/** How often everyone is counted, on both sites, in milliseconds. */
const COUNT_EVERY = 1_000;

/** A client that stalls in its TLS handshake is dropped after so long, in milliseconds. */
const HANDSHAKE_TIMEOUT = 2_000;

/** @returns the port for plain connections, and that for TLS */
async function listen({ app, sockets }: Site): Promise<readonly [number, number]> {
  const secure = createSecureServer({ key, cert, handshakeTimeout: HANDSHAKE_TIMEOUT }, app);
  sockets.attach(secure);
  return [await listening(app.listen(0, "127.0.0.1")), await listening(secure.listen(0, "127.0.0.1"))];
}

async function listening(server: Server): Promise<number> {
  server.keepAliveTimeout = 500; // what a page has used is not to be taken for something that is left
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const logger = new Faults();
const shared = {
  broker: new MemoryBroker(),
  store: new MemoryStore(),
  logger,
  leak: leakOf(process.env["JACKFIELD_SOAK_LEAK"]),
};
const sites = [soakSite(shared), soakSite(shared)] as const;
const ports = await Promise.all(sites.map(listen));
setInterval(() => {
  sites[0].sockets.count().catch((error: unknown) => logger.error("count", error));
}, COUNT_EVERY);
const gauge = new Gauge();
answerCalls(ports.flat().map(String), () =>
  gauge.read({ sockets: sites[0].sockets.size + sites[1].sockets.size, faults: logger.count }),
);
