import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import type { Errand, Report } from "./errand.js";
import { mebibyte } from "./server.js";
import { interop } from "./suite.js";

interop("the client of ws", { run: runWs });

async function runWs(errand: Errand): Promise<Report> {
  const socket = new WebSocket(errand.url, [...errand.subprotocols], {
    perMessageDeflate: errand.compression,
    maxPayload: 16 * mebibyte,
  });
  const closed = once(socket, "close") as Promise<[number, Buffer]>;
  await once(socket, "open");
  const { protocol: subprotocol, extensions } = socket;
  const echoed: string[] = [];

  /** Notes whether the echo is of the same kind and has the same content. */
  const echo = async (kind: string, message: Buffer) => {
    socket.send(message, { binary: kind === "binary" });
    const [answer, isBinary] = (await Promise.race([once(socket, "message"), closed])) as [Buffer, boolean];
    if (isBinary === (kind === "binary") && answer.equals(message)) echoed.push(`${kind} ${message.length}`);
  };
  for (const size of errand.sizes) {
    await echo("text", Buffer.from("aé世😀".repeat(size / 10) + ".".repeat(size % 10)));
    await echo("binary", Buffer.concat([Buffer.alloc(size >> 1, "abc"), randomBytes(size - (size >> 1))]));
  }

  if (errand.close) socket.close(errand.close.code, errand.close.reason);
  const [code, reason] = await closed;
  return { subprotocol, extensions, echoed, close: { code, reason: reason.toString() } };
}
