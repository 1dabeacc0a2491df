/** Connections that ask for random things, pipelined or not, and are reset, ended or dropped at a random step. */

import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../script/fuzz/random.js";
import { clientFrame, upgradeText } from "../frameworks/clients.js";
import type { Ports } from "./facts.js";

export interface Storm {
  readonly ports: Ports;
  readonly connections: number;
  /** How many there are at a time. */
  readonly concurrency: number;
  readonly seed: number;
}

const host = "Host: 127.0.0.1\r\n";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${host}\r\n`;

const upgradeTo = (upgrade: string, body = ""): string =>
  `${body === "" ? "GET" : "POST"} / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n` +
  `${body === "" ? "" : `Content-Length: ${body.length}\r\n`}\r\n${body}`;

const post = (body: string): string =>
  `POST / HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}`;

/** Frames behind a handshake: messages, a ping, a close, and one that is none. */
const frames = [
  clientFrame("hello"),
  clientFrame("", 9),
  clientFrame(Buffer.from([0x03, 0xe8]), 8),
  Buffer.from([0x81, 0x05]),
].map((frame) => frame.toString("latin1"));

const requests: readonly string[] = [
  get("/"),
  get("/slow"),
  get("/nobody"),
  post("hello"),
  post("x".repeat(20_000)),
  upgradeText("/ours"),
  upgradeText("/ours") + frames.join(""),
  upgradeText("/native"),
  upgradeText("/native") + frames[0],
  upgradeText("/refused"),
  upgradeText("/theirs", "Sec-WebSocket-Protocol: theirs\r\n"),
  upgradeText("/ours", "Sec-WebSocket-Protocol: theirs\r\n"),
  upgradeText("/nobody"),
  upgradeText("/%"),
  upgradeText("/ours", "Content-Length: 5\r\n") + "hello",
  upgradeText("/ours").replace("Version: 13", "Version: 12"),
  upgradeTo("h2c"),
  upgradeTo("h2c", "hello"),
  upgradeTo("TLS/1.2"),
  upgradeTo("foo"),
  upgradeTo("foo", "hello"),
  "nonsense\r\n\r\n",
];

/** Makes all of them, and resolves when the last one is gone. */
export async function storm({ ports, connections, concurrency, seed }: Storm): Promise<void> {
  const random = new Random(seed);
  let left = connections;
  const work = async (): Promise<void> => {
    while (left-- > 0) await visit(ports, random);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

async function visit({ tcp: tcpPort, tls: tlsPort }: Ports, random: Random): Promise<void> {
  const isSecure = random.oneIn(3);
  const tcp = connectTcp({ port: isSecure ? tlsPort : tcpPort, host: "127.0.0.1", noDelay: true });
  const socket = isSecure ? connectTls({ socket: tcp, rejectUnauthorized: false }) : tcp;
  for (const each of [tcp, socket]) each.on("error", () => undefined);
  let came = 0;
  socket.on("data", () => came++);
  if (random.oneIn(50)) socket.pause(); // a client that reads nothing
  const asked = Array.from({ length: 1 + random.below(5) }, () => random.pick(requests));
  if (random.oneIn(4)) asked.push("x".repeat(random.below(300_000)));
  await send(socket, asked, random, () => came);
  if (random.oneIn(2)) await sleep(random.below(60));
  const end = random.below(4);
  if (end === 0) socket.end();
  if (end === 1) tcp.destroy();
  if (end >= 2) tcp.resetAndDestroy();
  // Not every socket under TLS says that it is closed, and not every one is closed with it.
  for (let wait = 0; wait < 40 && !tcp.closed; wait++) await sleep(5);
  socket.destroy();
  tcp.destroy();
}

/** All at once, cut short somewhere, or one after the other as answers come. */
async function send(
  socket: { write(bytes: Buffer): unknown; readonly destroyed: boolean },
  asked: readonly string[],
  random: Random,
  came: () => number,
): Promise<void> {
  if (random.oneIn(3)) {
    for (const request of asked) {
      const before = came();
      socket.write(Buffer.from(request, "latin1"));
      for (let wait = 0; wait < 10 && came() === before && !socket.destroyed; wait++) await sleep(3);
    }
    return;
  }
  const all = Buffer.from(asked.join(""), "latin1");
  const end = random.oneIn(3) ? random.below(all.length + 1) : all.length;
  const cut = random.below(end + 1);
  socket.write(all.subarray(0, cut));
  if (random.oneIn(3)) await sleep(random.below(5));
  socket.write(all.subarray(cut, end));
}
