/** The transport of a client, whose peer is the transport of our server. */

import { once } from "node:events";
import { createServer, request as requestHttp, type IncomingMessage } from "node:http";
import { createServer as createTlsServer, request as requestHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Role } from "#src/protocol/opcode.js";
import { takeSocket, type Reading } from "#src/node/socket-reading.js";
import { TcpTransport } from "#src/node/tcp-transport.js";
import { MemoryPeer } from "../connection/memory-peer.js";
import { transportContract, type TransportPair } from "../connection/transport-contract.js";
import { cert, key } from "../node/certificate.js";

const maxMessageSize = 2 ** 26;
function transportOf(role: Role, reading: Reading): TcpTransport {
  return new TcpTransport(reading, {
    role,
    maxMessageSize,
    compression: undefined,
    remoteAddress: undefined,
  });
}

async function clientPair(t: TestContext, isSecure: boolean): Promise<TransportPair> {
  const server = isSecure ? createTlsServer({ key, cert }) : createServer();
  const accepted = new Promise<TcpTransport>((resolve) => {
    server.on("upgrade", (_request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      resolve(transportOf("server", takeSocket(socket, head)));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const request = (isSecure ? requestHttps : requestHttp)({
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    agent: false,
    rejectUnauthorized: false,
    headers: { Connection: "Upgrade", Upgrade: "websocket" },
  });
  request.end();
  const [, socket, head] = (await once(request, "upgrade")) as [unknown, Socket, Buffer];
  const transport = transportOf("client", takeSocket(socket, head));
  const other = await accepted;
  t.after(async () => {
    transport.terminate();
    other.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return { transport, peer: new MemoryPeer(other) };
}

transportContract("a client over TCP", { makePair: (t) => clientPair(t, false) });
transportContract("a client over TLS", { makePair: (t) => clientPair(t, true) });
