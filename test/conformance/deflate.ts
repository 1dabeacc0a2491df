/** Compresses as a peer may (RFC 7692 §7.2.1). */

import { constants, deflateRawSync, type ZlibOptions } from "node:zlib";
import type { FrameSpec } from "../protocol/frames.js";

/** RSV1: the message is compressed. */
export const RSV1 = 0x40;

/** The bytes of a message, compressed for a window of so many bits. */
export function deflated(message: string | Uint8Array, windowBits = 15, options: ZlibOptions = {}): Buffer {
  // zlib makes no raw deflate for 8 bits; without matches there is nothing that could be too far away.
  const window = windowBits < 9 ? { strategy: constants.Z_HUFFMAN_ONLY } : { windowBits };
  const finishFlush = constants.Z_SYNC_FLUSH;
  return deflateRawSync(message, { finishFlush, ...window, ...options }).subarray(0, -4);
}

/** A compressed message in one frame. */
export function compressed(opcode: number, message: string | Uint8Array, windowBits?: number): FrameSpec {
  return { opcode, reserved: RSV1, payload: deflated(message, windowBits) };
}
