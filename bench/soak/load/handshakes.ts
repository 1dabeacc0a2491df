/** Clients that get stuck in the TLS handshake, leave during it, or speak no TLS at all. */

import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { connect } from "node:tls";
import type { Scenario } from "./scenario.js";
import type { Visit } from "./visit.js";

/** Shorter than the server's patience, in milliseconds. */
const PAUSE = 300;

/** What a client says first. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const line = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    connect({ socket: line }).on("error", reject);
  });
}

/** Leaves before, within, and after its first words. */
async function leave(visit: Visit): Promise<void> {
  const hello = await clientHello();
  for (const said of [0, 1, 100, hello.length]) {
    for (const end of ["reset", "end"] as const) {
      const raw = visit.tcp().write(hello.subarray(0, said));
      if (said === hello.length) await raw.until(/./s); // the server has answered
      if (end === "reset") await raw.reset();
      else raw.socket.end();
      await raw.closed;
    }
  }
}

/** Says nothing, or stops in the middle: the server has to end it. */
async function stall(visit: Visit): Promise<void> {
  const hello = await clientHello();
  const stalled = [0, 100, hello.length].map((said) => visit.tcp().write(hello.subarray(0, said)));
  await Promise.all(stalled.map(({ closed }) => closed));
}

/** Speaks HTTP where TLS is expected. */
async function mistake(visit: Visit): Promise<void> {
  const raw = visit.tcp().write("GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await raw.closed;
}

/** Takes its time, and is served. */
async function hesitate(visit: Visit): Promise<void> {
  const tcp = visit.tcp();
  let hasHesitated = false;
  const line = new Duplex({
    read: () => undefined,
    async write(chunk: Buffer, _encoding, done) {
      tcp.write(chunk.subarray(0, 50));
      if (!hasHesitated) await wait(PAUSE);
      hasHesitated = true;
      tcp.write(chunk.subarray(50));
      done();
    },
  });
  tcp.socket.on("data", (chunk) => line.push(chunk));
  tcp.socket.once("close", () => line.push(null));
  const secure = connect({ socket: line, rejectUnauthorized: false });
  secure.write("GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  assert.match(await text(secure), /^HTTP\/1\.1 200 /);
}

export const handshakes: readonly Scenario[] = [
  { name: "handshakes that are left", visit: leave, visitors: 2, rest: 500, secure: true },
  { name: "handshakes that stall", visit: stall, visitors: 2, rest: 500, secure: true },
  { name: "no handshakes at all", visit: mistake, visitors: 1, rest: 500, secure: true },
  { name: "slow handshakes", visit: hesitate, visitors: 1, rest: 500, secure: true },
];
