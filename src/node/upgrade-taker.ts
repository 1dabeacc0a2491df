/** What takes upgrades: the `Sockets` of a framework. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { OpenSockets } from "../routing/open-sockets.js";
import type { AnyRoute } from "../routing/route.js";
import type { HttpAnswer } from "./http-answer.js";
import type { UndecidedUpgrade, UpgradeRoute } from "./upgrade-of.js";

/** An upgrade as a framework gets it. */
export interface DispatchedUpgrade extends UndecidedUpgrade {
  readonly request: IncomingMessage;
  /** The path of the request, still percent-encoded. */
  readonly path: string;
  /** A response like that to any request. Made at its first use: an upgrade that is accepted may need none. */
  readonly response: ServerResponse;
  /** Answers over HTTP, with the headers that the framework has set so far. */
  refuse(answer: HttpAnswer): void;
  /** Ends the response to an upgrade that was accepted, where no framework does it. */
  complete(): void;
}

export interface UpgradeTaker {
  readonly openSockets: OpenSockets;
  readonly routes: Iterable<AnyRoute>;
  /** Which route a path leads to; `"unsure"` if only the framework can tell whether it leads to one. */
  find(path: string): AnyRoute | "unsure" | undefined;
  /** Runs the request through the framework. */
  dispatch(upgrade: DispatchedUpgrade, server: Server): void;
}

/** Whether a route may be meant by a client that names subprotocols: a dev server's client names its own. */
export function isSpokenBy(route: UpgradeRoute, offered: readonly string[]): boolean {
  const { subprotocols } = route.settings;
  if (offered.length === 0 || typeof subprotocols === "function") return true;
  return offered.some((each) => subprotocols.includes(each));
}

/** Whether a framework's answer to an upgrade says that it has no socket there: nothing, or a page. */
export function meansNoSocket(status: number): boolean {
  return status === 404 || (status >= 200 && status < 300);
}
