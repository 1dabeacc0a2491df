import { createServer, IncomingMessage } from "node:http";
import type { Socket as NetSocket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { UNSET } from "#src/connection/timer-wheel.js";
import { PendingUpgrade } from "#src/node/pending-upgrade.js";
import { responseTo } from "#src/node/http-answer.js";
import { acceptUpgradeOf, type Verdict } from "#src/node/upgrade-of.js";
import type { DispatchedUpgrade, UpgradeTaker } from "#src/node/upgrade-taker.js";
import type { Turn, UpgradeHost } from "#src/node/upgrade-turn.js";
import { writeWebResponse } from "#src/node/http-answer.js";
import { endSwitch } from "#src/node/switching-protocols.js";
import { judgeHandshake, type ValidHandshake } from "#src/protocol/server-handshake.js";
import { OpenSockets } from "#src/routing/open-sockets.js";
import { socketsSettings } from "#src/routing/options.js";
import { Route } from "#src/routing/route.js";
import type { Target } from "../target.js";

const rawHeaders = [
  ["Host", "a"],
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
].flat();

const handshake = judgeHandshake({
  method: "GET",
  httpVersion: "1.1",
  target: "/",
  rawHeaders,
}) as ValidHandshake;

/** It never listens: upgrades come to it by hand. */
const server = createServer();

const silent = { error: () => undefined, warn: () => undefined };

/** A connection without a network: it keeps what was written to it. */
class Line extends Duplex {
  written = "";

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString("latin1");
    setImmediate(done);
  }
}

/** One upgrade, and all who have to do with it. */
class Scene {
  readonly line = new Line();
  readonly open: OpenSockets;
  readonly route: Route<unknown>;
  readonly request: IncomingMessage;
  readonly upgrade: PendingUpgrade;
  /** The upgrade as the framework that was asked last has it. */
  asked: DispatchedUpgrade | undefined;
  /** What the other listeners do in their turn. */
  readonly #company: number;
  readonly #earlier: ReturnType<typeof responseTo> | undefined;

  /** @param start - whose turn is first, how many frameworks there are, and in which company */
  constructor(start: number, company: number) {
    const routes: Route<unknown>[] = [];
    this.open = new OpenSockets(
      socketsSettings({ logger: silent, maxConnections: 1 + (company & 1) }),
      routes,
    );
    this.route = new Route<unknown>("/", () => undefined, {}, {});
    routes.push(this.route);
    this.#company = company;
    this.request = new IncomingMessage(this.line as unknown as NetSocket);
    Object.assign(this.request, { method: "GET", url: "/", rawHeaders });
    if ((company & 2) !== 0) {
      this.#earlier = responseTo(this.request);
      this.#earlier.assignSocket(this.line as unknown as NetSocket);
    }
    const others = {
      exist: (company & 4) !== 0,
      tellEarlier: () => undefined,
      tell: () => this.#tellOthers(),
    };
    const host: UpgradeHost = {
      server,
      timeout: 60_000,
      asksEarlier: (company & 8) !== 0,
      judge: () => this.#turn(start, others.exist),
      failed: () => undefined,
    };
    this.upgrade = new PendingUpgrade(
      { request: this.request, socket: this.line, head: Buffer.alloc(0), others },
      host,
    );
    this.upgrade.begin();
  }

  #turn(start: number, isShared: boolean): Turn {
    const taker: UpgradeTaker = {
      openSockets: this.open,
      routes: [this.route],
      find: () => "unsure",
      dispatch: (upgrade) => {
        this.asked = upgrade;
        if ((start & 64) !== 0) throw new Error("a framework that throws");
      },
    };
    const takers = (start & 16) === 0 ? [taker] : [taker, taker];
    const decided: Turn[] = [
      { event: "claim", handshake, takers },
      { event: isShared || takers.length > 1 ? "ask" : "claim", handshake, takers },
      { event: isShared ? "leave" : "refuse", answer: { status: 404, reason: "nothing" } },
    ];
    const next = decided[start % decided.length] as Turn;
    return isShared && (start & 32) !== 0 && next.event !== "leave" ? { event: "offer", next } : next;
  }

  #tellOthers(): void {
    const act = (this.#company >> 4) & 3;
    if (act === 1) this.line.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    if (act === 2) this.line.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    if (act === 3) this.line.destroy();
  }

  /** Ends the response to the earlier request. */
  endEarlier(): void {
    if (this.#earlier?.writableEnded !== false) return;
    this.#earlier.once("finish", () => {
      this.#earlier?.detachSocket(this.line as unknown as NetSocket);
      this.#earlier?.emit("close");
    });
    this.#earlier.end("earlier");
  }

  accept(): Verdict {
    return acceptUpgradeOf(this.request, {
      sockets: this.open,
      route: this.route,
      params: {},
      request: this.request,
      remoteAddress: "a",
    });
  }
}

type Step = (scene: Scene, byte: number) => unknown;

const statuses = [200, 401, 404, 500] as const;

const steps: readonly Step[] = [
  ({ asked }, byte) => asked?.response.writeHead(statuses[byte & 3] ?? 200).end("body"),
  ({ asked }, byte) => asked?.response.writeHead(statuses[byte & 3] ?? 200).write("part"),
  ({ asked }) => asked?.response.end(),
  ({ asked }) => asked?.refuse({ status: 403, reason: "no" }),
  (scene) => {
    const verdict = scene.accept();
    if (verdict instanceof Response && scene.asked !== undefined)
      return writeWebResponse(scene.asked.response, verdict);
    return undefined;
  },
  (scene) => {
    if (scene.accept() === "accepted") scene.asked?.complete();
  },
  ({ asked }) => asked && endSwitch(asked.response),
  ({ upgrade }) => upgrade.expire(),
  ({ line }) => line.destroy(new Error("reset")),
  ({ line }) => line.end(),
  ({ line }) => line.emit("error", new Error("an error that comes alone")),
  (scene) => scene.endEarlier(),
  ({ line }) => line.write("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
  ({ open }) => void open.drain({ grace: 0 }),
  () => turn(),
  () => turn(),
];

/** An upgrade, and what happens to it: two bytes say who takes part, and each further one is a step. */
export const upgrade: Target = {
  name: "upgrade",
  generate: (random) => random.bytes(2 + random.size(14)),
  async run(input) {
    const scene = new Scene(input[0] ?? 0, input[1] ?? 0);
    const { line, open } = scene;
    for (const byte of input.subarray(2)) {
      if (!line.closed && line.listenerCount("error") === 0) throw new Error("no listener for errors");
      try {
        await steps[byte & 15]?.(scene, byte >> 4);
      } catch {
        // what an application does wrong is its own affair
      }
    }
    for (let wait = 0; wait < 3; wait++) await turn();
    const { written } = line;
    line.destroy();
    for (let wait = 0; wait < 6 || !line.closed; wait++) await turn();
    expectNone("connections counted", open.limits.total);
    expectNone("sessions", open.sessionCount);
    if (scene.upgrade.timerTurn !== UNSET) throw new Error("expected the deadline to be cleared");
    // A response that Node's own server made keeps its listener, and a socket that was opened its reader's.
    const others = new Set(["onServerResponseClose", "onClose"]);
    const listeners = line.listeners("close").filter(({ name }) => !others.has(name));
    expectNone("listeners for close", listeners.length);
    return outcomeOf(written);
  },
};

function expectNone(what: string, count: number): void {
  if (count !== 0) throw new Error(`expected no ${what} to be left, but there are ${count}`);
}

/** The statuses on the wire: of ours, of earlier responses, and of what other listeners write. */
function outcomeOf(written: string): string {
  const statuses = [...written.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  return (
    [...new Set(statuses)].toSorted((one = "", other = "") => one.localeCompare(other)).join(" ") || "nothing"
  );
}
