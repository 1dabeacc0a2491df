/** Transports over streams that are no sockets: a pair in memory, and an HTTP/2 stream, each with one of ours at its other end. */

import { once } from "node:events";
import {
  connect,
  createServer,
  type ClientHttp2Stream,
  type Http2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { streamTransport } from "jackfield";
import type { Role } from "#src/protocol/opcode.js";
import { MemoryPeer } from "../connection/memory-peer.js";
import type { TransportPair } from "../connection/transport-contract.js";

const maxMessageSize = 2 ** 26;

/** One end of a pair in memory, with nothing that only sockets have. */
export class StreamEnd extends Duplex {
  #other: StreamEnd | undefined;
  #wanted: (() => void) | undefined;

  static pair(): readonly [StreamEnd, StreamEnd] {
    const [one, other] = [new StreamEnd(), new StreamEnd()];
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  override _read(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#hand(chunk, done);
  }

  override _final(done: () => void): void {
    this.#hand(null, done);
  }

  #hand(chunk: Buffer | null, done: () => void): void {
    const other = this.#other;
    if (other === undefined || other.destroyed) return done();
    if (other.push(chunk) || chunk === null) setImmediate(done);
    else other.#wanted = done;
    return undefined;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#other?.destroyed === false) setImmediate(() => this.#other?.destroy());
    done(error);
  }
}

/** @param role - of the transport; the peer has the other one */
export function streamPair(t: TestContext, streams: readonly [Duplex, Duplex], role: Role): TransportPair {
  const [own, others] = streams;
  const transport = streamTransport(own, { role, maxMessageSize });
  const other = streamTransport(others, { role: role === "server" ? "client" : "server", maxMessageSize });
  t.after(() => {
    transport.terminate();
    other.terminate();
  });
  return { transport, peer: new MemoryPeer(other) };
}

/** The two ends of an extended CONNECT (RFC 8441). */
export async function http2Streams(t: TestContext): Promise<readonly [ServerHttp2Stream, ClientHttp2Stream]> {
  const server = createServer({ settings: { enableConnectProtocol: true } });
  const sessions: Http2Session[] = [];
  server.on("session", (session) => sessions.push(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(async () => {
    for (const each of [session, ...sessions]) each.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  await once(session, "remoteSettings");
  const request = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":path": "/chat",
    ":authority": "example.org",
    "sec-websocket-version": "13",
  });
  const [stream] = (await once(server, "stream")) as [ServerHttp2Stream];
  stream.respond({ ":status": 200 });
  await once(request, "response");
  return [stream, request];
}
