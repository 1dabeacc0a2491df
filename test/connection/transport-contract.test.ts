import { MessageCompression } from "#src/node/message-compression.js";
import { memoryTransportPair } from "#src/connection/memory-transport.js";
import { tcpPair, type Way } from "../node/tcp-pair.js";
import { StreamEnd, http2Streams, streamPair } from "../node/stream-pair.js";
import { MemoryPeer } from "./memory-peer.js";
import { transportContract } from "./transport-contract.js";

transportContract("in memory", {
  seesParts: false,
  async makePair() {
    const [transport, other] = memoryTransportPair();
    return { transport, peer: new MemoryPeer(other) };
  },
});

const compression = new MessageCompression({
  windowBits: 15,
  threshold: Infinity,
  maxMessageSize: 2 ** 26,
  peerWindowBits: 15,
  peerTakeover: "forbidden",
});

const ways: Readonly<Record<Way, string>> = {
  shared: "plain TCP, read into the shared buffer",
  watched: "plain TCP, with bytes that somebody watches",
  subclass: "plain TCP, with a socket of another class",
  "handed over": "plain TCP, with a socket that was handed over",
  tls: "TLS",
};

for (const [way, name] of Object.entries(ways)) {
  transportContract(name, { makePair: (t) => tcpPair(t, way as Way) });
  transportContract(`${name}, with messages that may be compressed`, {
    inflates: true,
    makePair: (t) => tcpPair(t, way as Way, { compression }),
  });
}

for (const role of ["server", "client"] as const) {
  transportContract(`a stream in memory, as the ${role}`, {
    makePair: async (t) => streamPair(t, StreamEnd.pair(), role),
  });

  transportContract(`an HTTP/2 stream, as the ${role}`, {
    async makePair(t) {
      const [server, client] = await http2Streams(t);
      return streamPair(t, role === "server" ? [server, client] : [client, server], role);
    },
  });
}
