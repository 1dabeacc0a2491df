/** Our server as the endpoint under test. */

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, type Socket as TcpSocket } from "node:net";
import { fileURLToPath } from "node:url";
import type { CloseInfo } from "jackfield";
import { deferred, type Deferred } from "../frameworks/clients.js";
import { handshake } from "../hostile/handshake-text.js";
import { readHead, type HttpHead } from "./http-head.js";
import { Peer } from "./peer.js";
import { writeInSegments } from "./segments.js";
import { LARGEST_MESSAGE } from "./sizes.js";
import type { Ending, OpenOptions, Subject, Task } from "./subject.js";
import { agreementOf, type Windows } from "./windows.js";

/** The process of the server. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #endings = new Map<string, Deferred<CloseInfo>>();

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    child.on("message", ({ id, info }: Ending) => this.#endings.get(id)?.resolve(info));
  }

  static async start(): Promise<ServerProcess> {
    const child = fork(fileURLToPath(new URL("server.js", import.meta.url)));
    const [port] = (await once(child, "message")) as [number];
    return new ServerProcess(child, port);
  }

  /** How the next connection ends: its request must bear the id. */
  await(): { readonly id: string; readonly ending: Promise<CloseInfo> } {
    const id = String(this.#endings.size);
    const ending = deferred<CloseInfo>();
    this.#endings.set(id, ending);
    return { id, ending: ending.promise };
  }

  /** @throws if it did not live until now */
  async stop(): Promise<void> {
    assert.equal(this.#child.exitCode, null, "the server lives on");
    this.#child.disconnect();
    await once(this.#child, "exit");
  }
}

/** What the server answered to a request. */
export interface ServerAnswer {
  readonly head: HttpHead;
  readonly socket: TcpSocket;
}

export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

export class ServerSubject implements Subject {
  readonly role = "server";
  readonly maxMessageSize = LARGEST_MESSAGE;
  readonly #server: ServerProcess;
  readonly #connections: TcpSocket[] = [];

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  /** Sends the text of a request as it is. @param chunk - in segments of how many bytes; else all at once */
  async request(text: string, chunk: number = text.length): Promise<ServerAnswer> {
    const target = { port: this.#server.port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true };
    const socket = connectTcp(target);
    this.#connections.push(socket);
    socket.on("error", () => undefined); // its close tells
    const writing = writeInSegments(socket, Buffer.from(text, "latin1"), chunk);
    const [head] = await Promise.all([readHead(socket), writing]);
    return { head, socket };
  }

  async open({ windows, task = "echo", path = pathOf(task, windows) }: OpenOptions = {}): Promise<Peer> {
    const { id, ending } = this.#server.await();
    const offer = windows && offerOf(windows);
    const { head, socket, key } = await this.ask(`${path}?id=${id}`, offer);
    assert.match(head.firstLine, /^HTTP\/1\.1 101 /);
    assert.equal(head.one("Sec-WebSocket-Accept"), acceptOf(key));
    const agreed = windows === undefined ? [] : [agreementOf(windows)];
    assert.deepEqual(head.all("Sec-WebSocket-Extensions"), agreed);
    return new Peer(socket, { role: this.role, ending, windowBits: windows?.server });
  }

  /** Sends the request of a handshake. @param extensions - the value of Sec-WebSocket-Extensions, if there is one */
  async ask(target: string, extensions?: string): Promise<ServerAnswer & { readonly key: string }> {
    const key = randomBytes(16).toString("base64");
    const fields = { "Sec-WebSocket-Key": key, "Sec-WebSocket-Extensions": extensions };
    return { ...(await this.request(handshake({ target, fields }))), key };
  }

  dispose(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}

/** A server can't be set to ask for 8 bits, but a client may offer them. */
function offerOf({ client }: Windows): string {
  return `permessage-deflate; client_max_window_bits${client === 8 ? "=8" : ""}`;
}

function pathOf(task: Task, windows: Windows | undefined): string {
  return windows === undefined ? `/${task}` : `/compressed/${windows.server}/${Math.max(windows.client, 9)}`;
}
