/** Compresses as a peer that takes its context over from message to message (RFC 7692 §7.2.1), with a stream that lasts. */

import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, deflateRawSync, type DeflateRaw, type ZlibOptions } from "node:zlib";

export class ContextKeeper {
  readonly #stream: DeflateRaw;
  readonly #out: Buffer[] = [];

  constructor(options: ZlibOptions = {}) {
    this.#stream = createDeflateRaw(options);
    this.#stream.on("data", (chunk: Buffer) => this.#out.push(chunk));
  }

  /** The bytes of the next message. */
  async deflate(message: string | Uint8Array): Promise<Buffer> {
    this.#stream.write(message);
    await new Promise<void>((resolve) => this.#stream.flush(constants.Z_SYNC_FLUSH, resolve));
    return Buffer.concat(this.#out.splice(0)).subarray(0, -4);
  }
}

/** The bytes of a message that refers to what came before it, and ends with a final block (RFC 7692 §7.2.3.4). */
export function deflatedAfter(before: string, message: string): Buffer {
  return Buffer.concat([deflateRawSync(message, { dictionary: Buffer.from(before) }), Buffer.of(0)]);
}
