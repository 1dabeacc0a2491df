/** Compresses as a peer may (RFC 7692 §7.2.1), with no help from what is tested. */

import { Buffer } from "node:buffer";
import { constants, deflateRawSync, type ZlibOptions } from "node:zlib";

/** The bytes of a message as its sender compresses it. */
export function deflated(message: string | Uint8Array, options: ZlibOptions = {}): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4);
}

/** So many blocks of a mebibyte of nothing, each of about a kibibyte. */
export function bomb(mebibytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_SYNC_FLUSH });
  return Buffer.concat(Array<Buffer>(mebibytes).fill(block)).subarray(0, -4);
}
