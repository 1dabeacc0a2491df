/** The limit: Bun's own server, whose WebSockets are written in C++. Run by Bun. */

import { compression, report } from "./serve.js";

/** As much of Bun as is used here; its types don't agree with those of Node. */
interface Socket {
  readonly data: { readonly path: string };
  send(message: string | Uint8Array, compress: boolean): number;
  subscribe(topic: string): void;
}
interface Server {
  readonly port: number;
  upgrade(request: Request, options: { readonly data: Socket["data"] }): boolean;
  publish(topic: string, message: string | Uint8Array): number;
}
interface ServeOptions {
  readonly port: number;
  readonly hostname: string;
  fetch(request: Request, server: Server): Response | undefined;
  readonly websocket: {
    readonly perMessageDeflate: false | { readonly compress: "shared"; readonly decompress: "shared" };
    open(ws: Socket): void;
    message(ws: Socket, message: string | Uint8Array): void;
  };
}
declare const Bun: { serve(options: ServeOptions): Server };

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request, server) {
    const { pathname: path } = new URL(request.url);
    return server.upgrade(request, { data: { path } })
      ? undefined
      : new Response("WebSocket only", { status: 426 });
  },
  websocket: {
    perMessageDeflate: compression && { compress: "shared", decompress: "shared" },
    open(ws) {
      if (ws.data.path === "/subscribe") ws.subscribe("news");
    },
    message(ws, message) {
      if (ws.data.path === "/echo") ws.send(message, compression);
      else if (ws.data.path === "/publish") server.publish("news", message);
    },
  },
});

report(server);
