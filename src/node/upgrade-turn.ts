/** Whose turn it is with an upgrade, and who says so. */

import type { Server } from "node:http";
import type { ValidHandshake } from "../protocol/server-handshake.js";
import type { HttpAnswer } from "./http-answer.js";
import type { AnnouncedUpgrade } from "./upgrade-interception.js";
import type { UpgradeTaker } from "./upgrade-taker.js";

export type Turn =
  /** The server's, to which it is a plain request. */
  | { readonly event: "serve" }
  /** Nobody's, or that of the other listeners; then it is answered. */
  | { readonly event: "refuse" | "leave"; readonly answer: HttpAnswer }
  /** That of frameworks, one after the other. */
  | {
      readonly event: "ask" | "claim";
      readonly handshake: ValidHandshake;
      readonly takers: readonly UpgradeTaker[];
    }
  /** The other listeners', and then the next one. */
  | { readonly event: "offer"; readonly next: Turn };

/** What an upgrade needs of the server that announces it. */
export interface UpgradeHost {
  readonly server: Server | undefined;
  /** How long a decision may take, in milliseconds. */
  readonly timeout: number;
  /** Whether listeners that were there before ours have each upgrade first. */
  readonly asksEarlier: boolean;
  /** Decides whose turn it is. */
  judge(upgrade: AnnouncedUpgrade): Turn;
  /** Takes an error that came when no answer could be given any more. */
  failed(error: unknown): void;
}
