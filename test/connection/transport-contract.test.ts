import { memoryTransportPair } from "#src/connection/memory-transport.js";
import { tcpPair } from "../node/tcp-pair.js";
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

transportContract("plain TCP, read into the shared buffer", { makePair: (t) => tcpPair(t, "shared") });

transportContract("plain TCP, with bytes that somebody watches", {
  makePair: (t) => tcpPair(t, "watched"),
});

transportContract("TLS", { makePair: (t) => tcpPair(t, "tls") });

transportContract("plain TCP, with a socket of another class", { makePair: (t) => tcpPair(t, "subclass") });

transportContract("plain TCP, with a socket that was handed over", {
  makePair: (t) => tcpPair(t, "handed over"),
});

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
