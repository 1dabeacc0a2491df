import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import { Opcode } from "jackfield";
import { upgradeText } from "../frameworks/clients.js";
import { frameOf } from "../node/raw-client.js";
import type { Holdings } from "./engine-server.js";
import { victim } from "./victim.js";

/** How many connections come and go, and how many of them at a time. */
const CONNECTIONS = Number(process.env["JACKFIELD_TEST_CONNECTIONS"] ?? 100_000);
const AT_A_TIME = 200;

/** So many come first, so that code is compiled, and caches and pools are filled. */
const WARMING_UP = 10_000;

const UPGRADE = upgradeText("/echo");
const TEXT = frameOf(Opcode.text, "echo");
const CLOSE = frameOf(Opcode.close, Buffer.of(3, 232));

type Ending = "reset" | "reset early" | "end" | "echo" | "close";

/** How each of ten in a row ends. Only the end leaves its port taken for a while, so that there can't be many. */
const endings: readonly Ending[] = [
  "reset",
  "close",
  "echo",
  "end",
  "close",
  "echo",
  "reset early",
  "reset",
  "close",
  "echo",
];

/** Opens a connection and ends it. */
function comeAndGo(port: number, ending: Ending): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1" });
  return new Promise((resolve, reject) => {
    let wasAccepted = false;
    socket.once("error", reject).once("close", () => resolve());
    socket.write(UPGRADE);
    if (ending === "reset early") socket.once("connect", () => socket.resetAndDestroy());
    socket.on("data", (bytes) => {
      if (wasAccepted) {
        socket.resetAndDestroy(); // the answer has come
        return;
      }
      wasAccepted = bytes.includes("\r\n\r\n");
      if (!bytes.toString("latin1", 0, 12).startsWith("HTTP/1.1 101")) reject(new Error(bytes.toString()));
      else goOn(socket, ending);
    });
  });
}

function goOn(socket: Socket, ending: Ending): void {
  if (ending === "echo") socket.write(TEXT);
  else if (ending === "close") socket.write(CLOSE);
  else if (ending === "end") socket.end();
  else socket.resetAndDestroy();
}

/** Has so many connections come and go. */
async function churn(port: number, count: number): Promise<void> {
  let begun = 0;
  const one = async (): Promise<void> => {
    while (begun < count) await comeAndGo(port, endings[begun++ % endings.length] ?? "reset");
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
}

describe("hostile 72: connections that come and go", () => {
  const server = victim();

  /** What the server holds, once all connections but the bystander's have gone. */
  async function settled(): Promise<Holdings> {
    for (;;) {
      const holdings = await server.holdings();
      if (holdings.counted === 1 && holdings.sockets === 1) return holdings;
    }
  }

  test(
    `hostile 72: ${CONNECTIONS} of them leave heap, descriptors and timers as they were`,
    { timeout: 600_000 },
    async (t) => {
      await churn(server.port, WARMING_UP);
      const before = await settled();
      const begin = performance.now();
      await churn(server.port, CONNECTIONS);
      const seconds = (performance.now() - begin) / 1_000;
      const { heap, descriptors, resources } = await settled();
      const grown = heap - before.heap;
      t.diagnostic(
        `${CONNECTIONS} connections in ${seconds.toFixed(1)} s, heap ${before.heap} → ${heap} bytes`,
      );
      assert.deepEqual(
        { descriptors, resources },
        { descriptors: before.descriptors, resources: before.resources },
      );
      // Less than what one number for each of them would need.
      assert.ok(grown < CONNECTIONS * 8, `the heap grew by ${grown} bytes`);
    },
  );
});
