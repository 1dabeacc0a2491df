/** Keys for the frames of a client: one that nobody foresees for each frame (RFC 6455 §5.3, §10.3). */

import { randomFillSync } from "node:crypto";

/** Asking for each key alone would cost more than the frame. */
const keys = new Int32Array(1_024);
let next = keys.length;

export function maskKey(): number {
  if (next === keys.length) {
    randomFillSync(keys);
    next = 0;
  }
  return keys[next++] ?? 0;
}
