/** What a conformance case is, and how most of them are written: frames that are sent, and what must come of them. */

import type { FrameSpec } from "../protocol/frames.js";
import type { Expected } from "./arrival.js";
import type { OpenOptions, Subject } from "./subject.js";

/** One thing that the RFCs ask for. It asserts; whatever it throws is its verdict. */
export interface Case<Under = Subject> {
  /** Family and number, such as "F3.12". New rows go to the end of a family, so that it stays the same. */
  readonly id: string;
  readonly sentence: string;
  readonly run: (subject: Under) => Promise<void>;
}

/** A case without its id. */
export type Row<Under = Subject> = readonly [sentence: string, run: Case<Under>["run"]];

/** Cases that differ in a detail. */
export interface Family<Under = Subject> {
  /** A letter and a digit, which belong to no other family. */
  readonly id: string;
  readonly title: string;
  readonly cases: readonly Case<Under>[];
}

/** Numbers the rows. */
export function family<Under = Subject>(
  id: string,
  title: string,
  rows: readonly Row<Under>[],
): Family<Under> {
  return { id, title, cases: rows.map(([sentence, run], at) => ({ id: `${id}.${at + 1}`, sentence, run })) };
}

export interface ExchangeOptions extends OpenOptions {
  /** In pieces of how many bytes it is written. @default all at once */
  readonly chunk?: number;
}

/** Frames that are sent, and what must come of them before any more are. */
export type Step = readonly [sent: readonly FrameSpec[], expected: readonly Expected[]];

/**
 * Sends frames and expects what comes of them, step by step, and nothing else: unless that ends the connection, the
 * closing handshake must follow at once.
 */
export function dialogue(steps: readonly Step[], { chunk, ...options }: ExchangeOptions = {}): Case["run"] {
  return async (subject) => {
    const peer = await subject.open(options);
    for (const [sent, expected] of steps)
      await Promise.all([peer.send(sent, chunk), peer.expect(...expected)]);
    if (steps.at(-1)?.[1].at(-1)?.kind === "close") await peer.expectEnd();
    else await peer.leave();
  };
}

/** The same in one step. */
export function exchange(
  sent: readonly FrameSpec[],
  expected: readonly Expected[],
  options?: ExchangeOptions,
): Case["run"] {
  return dialogue([[sent, expected]], options);
}
