/** Compressed messages for each window. */

import { constants } from "node:zlib";
import { deflated } from "../protocol/deflated.js";
import type { FrameSpec } from "../protocol/frames.js";

/** RSV1: the message is compressed. */
export const RSV1 = 0x40;

/** A compressed message in one frame. @param windowBits - 8 to 15 */
export function compressed(opcode: number, message: string | Uint8Array, windowBits = 15): FrameSpec {
  // zlib makes no raw deflate for 8 bits; without matches there is nothing that could be too far away.
  const options = windowBits < 9 ? { strategy: constants.Z_HUFFMAN_ONLY } : { windowBits };
  return { opcode, reserved: RSV1, payload: deflated(message, options) };
}
