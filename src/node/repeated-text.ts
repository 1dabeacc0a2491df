/**
 * A broadcast by hand: the same text is sent to one socket after the other. It is framed for the first two of them;
 * the others get a copy of the frame, which costs a fraction of encoding the text again.
 */

import { encodeFrame } from "../protocol/frame-writer.js";

/** Longer texts are not remembered, in UTF-16 units: of those, copying is most of the cost anyway. */
const LONGEST = 16_384;

let lastText: string | undefined;
let lastFirst = 0;
let frame: Buffer | undefined;

/**
 * @param first - the first byte of the frame
 * @returns the whole frame, if the text before was the same
 */
export function frameOfRepeated(first: number, text: string): Buffer | undefined {
  if (text === lastText && first === lastFirst) {
    frame ??= encodeFrame(first, text);
    return frame;
  }
  lastText = text.length <= LONGEST ? text : undefined;
  lastFirst = first;
  frame = undefined;
  return undefined;
}

/** Lets go of the text. */
export function forgetRepeated(): void {
  lastText = frame = undefined;
}
