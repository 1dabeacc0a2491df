import { memoryTransportPair } from "#src/connection/memory-transport.js";
import { tcpPair } from "../node/tcp-pair.js";
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
