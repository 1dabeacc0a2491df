/**
 * Text into and out of buffers, without the detour: `write` and `toString` spend as much time on finding out which encoding
 * is meant as on a short text. What they come to then is undocumented; where it is not there, they serve.
 */

import { Buffer } from "node:buffer";

/** Writes text as UTF-8 at an offset. @returns its size in bytes */
export type WriteUtf8 = (this: Buffer, text: string, at: number) => number;

/** Reads bytes as Latin-1, of which ASCII is a part. */
export type SliceLatin1 = (this: Buffer, start: number, end: number) => string;

/** @param methods - those that buffers have */
export function textMethodsIn(methods: object): {
  readonly writeUtf8: WriteUtf8;
  readonly sliceLatin1: SliceLatin1;
} {
  return {
    writeUtf8: methodOr<WriteUtf8>(methods, "utf8Write", function (text, at) {
      return this.write(text, at);
    }),
    sliceLatin1: methodOr<SliceLatin1>(methods, "latin1Slice", function (start, end) {
      return this.toString("latin1", start, end);
    }),
  };
}

function methodOr<Method>(methods: object, name: string, otherwise: Method): Method {
  const method: unknown = Reflect.get(methods, name);
  return typeof method === "function" ? (method as Method) : otherwise;
}

const methods = textMethodsIn(Buffer.prototype);

export const writeUtf8: WriteUtf8 = methods.writeUtf8;
export const sliceLatin1: SliceLatin1 = methods.sliceLatin1;
