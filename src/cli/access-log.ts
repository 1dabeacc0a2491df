/** `--access-log`: a line for each HTTP request, and two for each socket. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Server, ServerResponse } from "node:http";
import { isUpgrade } from "../node/upgrade-of.js";
import {
  socketClosed,
  socketOpened,
  upgradeAnswered,
  type SocketEndEvent,
  type SocketEvent,
} from "../routing/diagnostics.js";
import type { RunLog } from "./run-log.js";

/** What Node tells when a request has come. */
interface RequestStart {
  readonly response: ServerResponse;
  readonly server: Server;
}

/** Lines that are longer than the operating system writes at once could be torn by those of other processes. */
const LONGEST_PATH = 1_024;

type Listener = (event: unknown) => void;

export class AccessLog {
  readonly #server: Server;
  readonly #log: RunLog;
  /** When each socket was opened. */
  readonly #opened = new WeakMap<object, number>();
  readonly #followed = new WeakSet<ServerResponse>();
  readonly #channels: readonly (readonly [channel: string | symbol, listener: Listener])[] = [
    ["http.server.request.start", (event) => this.#onRequest(event as RequestStart)],
    [upgradeAnswered.name, (response) => this.#follow(response as ServerResponse)],
    [socketOpened.name, (event) => this.#onOpened(event as SocketEvent)],
    [socketClosed.name, (event) => this.#onClosed(event as SocketEndEvent)],
  ];

  /** @param server - whose HTTP requests are told */
  constructor(server: Server, log: RunLog) {
    this.#server = server;
    this.#log = log;
    for (const [channel, listener] of this.#channels) subscribe(channel, listener);
  }

  end(): void {
    for (const [channel, listener] of this.#channels) unsubscribe(channel, listener);
  }

  /** Upgrades are shown as requests, too; of them, those count that are answered. */
  #onRequest({ response, server }: RequestStart): void {
    if (server === this.#server && !isUpgrade(response.req)) this.#follow(response);
  }

  #follow(response: ServerResponse): void {
    if (this.#followed.has(response)) return;
    this.#followed.add(response);
    const { req: request } = response;
    const { method, socket } = request;
    const [path, address, written] = [pathOf(request.url), socket.remoteAddress, socket.bytesWritten];
    const began = performance.now();
    response.once("close", () => {
      if (response.statusCode === 101) return; // a socket, of which more is told
      // Express knows more of the client, where there are proxies that the app trusts.
      const { ip = address } = request as { readonly ip?: string | undefined };
      const ms = elapsedSince(began);
      const bytes = socket.bytesWritten - written;
      const status = response.writableFinished ? response.statusCode : undefined;
      const line = `${ip ?? "-"} ${method} ${path} ${status ?? "gone"}, ${bytes} bytes, ${ms} ms`;
      this.#log.access({ line, fields: { method, path, status, bytes, ms, address: ip } });
    });
  }

  #onOpened({ socket, route, target }: SocketEvent): void {
    this.#opened.set(socket, performance.now());
    const { id, remoteAddress: address } = socket;
    const path = pathOf(target);
    const line = `${address ?? "-"} GET ${path} 101, socket ${id} of ${route}`;
    this.#log.access({ line, fields: { method: "GET", path, status: 101, route, socket: id, address } });
  }

  #onClosed({ socket, route, close }: SocketEndEvent): void {
    const { id, remoteAddress: address } = socket;
    const { code, by } = close ?? {};
    const ms = elapsedSince(this.#opened.get(socket) ?? performance.now());
    const line = `${address ?? "-"} socket ${id} of ${route} closed with ${code ?? "nothing"} by the ${by ?? "network"}, ${ms} ms`;
    this.#log.access({ line, fields: { route, socket: id, code, by, ms, address } });
  }
}

/** The path of a target, without the query, which may hold secrets, and without what could write over a terminal. */
export function pathOf(target = "/"): string {
  const [path = ""] = target.slice(0, LONGEST_PATH).split("?", 1);
  return path.replaceAll(/[^\x21-\x7e]/g, (character) => encodeURIComponent(character));
}

function elapsedSince(began: number): number {
  return Math.round(performance.now() - began);
}
