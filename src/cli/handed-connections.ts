/**
 * The connections that are on their way to a worker.
 *
 * Whoever connects is accepted by the primary process of node:cluster, which hands the connection over. If the worker dies
 * before it has taken it, node:cluster forgets the connection without closing it, and the client waits in vain; if the
 * worker has no file descriptor left for it, no other one is handed to this worker from then on.
 */

import type { ChildProcess } from "node:child_process";

interface Handle {
  close(): void;
}

/** What the primary and a worker tell each other. Undocumented: where it is otherwise, nothing is noticed. */
interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  /** The `seq` of what is answered. */
  readonly ack?: unknown;
}

type Send = (message: ClusterMessage, handle?: Handle, ...rest: unknown[]) => boolean;

export class HandedConnections {
  readonly #underWay = new Map<unknown, Handle>();
  #any = false;

  /** @param onNotReceived - is told if the worker had no file descriptor left for one of them */
  constructor(worker: ChildProcess, onNotReceived: () => void) {
    const send = worker.send.bind(worker) as Send;
    const sendNoting: Send = (message, handle, ...rest) => {
      if (message.act === "newconn" && handle !== undefined) {
        this.#any = true;
        this.#underWay.set(message.seq, handle);
      }
      return send(message, handle, ...rest);
    };
    worker.send = sendNoting as ChildProcess["send"];
    worker.on("internalMessage", ({ cmd, ack }: ClusterMessage) => {
      this.#underWay.delete(ack);
      if (cmd === "NODE_HANDLE_NACK") this.#notReceived(onNotReceived);
    });
    worker.once("disconnect", () => this.#closeAll());
    // Where one is under way, Node doesn't tell of the disconnection, neither us nor node:cluster.
    worker.once("exit", () => this.#underWay.size > 0 && worker.emit("disconnect"));
  }

  /** Whether there has been one. */
  get any(): boolean {
    return this.#any;
  }

  #notReceived(tell: () => void): void {
    this.#closeAll();
    tell();
  }

  /** Their clients are told that way, and may come back. */
  #closeAll(): void {
    for (const handle of this.#underWay.values()) handle.close();
    this.#underWay.clear();
  }
}
