import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { perMessageDeflate, report } from "./serve.js";

/** As much of crossws as is used here: its published types only compile with those of browsers and of srvx. */
interface Peer {
  send(message: string): unknown;
}
interface Hooks {
  open?(peer: Peer): void;
  message?(peer: Peer, message: { text(): string }): void;
  close?(peer: Peer): void;
}
interface Adapter {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}
interface AdapterModule {
  readonly default: (options: { readonly hooks: Hooks; readonly serverOptions: object }) => Adapter;
}
/** A plain string, so that the compiler doesn't look for those types. */
const adapterName: string = "crossws/adapters/node";
const adapterModule: AdapterModule = await import(adapterName);
const crossws = adapterModule.default;

const serverOptions = { perMessageDeflate };

const subscribers = new Set<Peer>();

// One adapter per path: the cheapest way to route here, as hooks found by `resolve` cost promises per message.
const routes = new Map([
  [
    "/echo",
    crossws({
      serverOptions,
      hooks: {
        message: (peer, message) => void peer.send(message.text()),
      },
    }),
  ],
  [
    "/subscribe",
    crossws({
      serverOptions,
      hooks: {
        open: (peer) => void subscribers.add(peer),
        close: (peer) => void subscribers.delete(peer),
      },
    }),
  ],
  [
    "/publish",
    crossws({
      serverOptions,
      hooks: {
        message: (_peer, message) => {
          for (const subscriber of subscribers) subscriber.send(message.text());
        },
      },
    }),
  ],
]);

const server = createServer();

server.on("upgrade", (request, socket, head) => {
  const route = routes.get(request.url ?? "");
  if (route === undefined) socket.destroy();
  else void route.handleUpgrade(request, socket, head);
});

server.listen(0, "127.0.0.1", () => report(server.address()));
