/**
 * Text into and out of buffers, without the detour: `write` and `toString` spend as much time on finding out which encoding
 * is meant as on a short text. What they come to then is undocumented; where it is not there, they serve.
 */

import { Buffer } from "node:buffer";

/** Writes text as UTF-8 at an offset. @returns its size in bytes */
export const writeUtf8: (this: Buffer, text: string, at: number) => number = methodOr(
  "utf8Write",
  function (this: Buffer, text: string, at: number): number {
    return this.write(text, at);
  },
);

/** Reads bytes as Latin-1, of which ASCII is a part. */
export const sliceLatin1: (this: Buffer, start: number, end: number) => string = methodOr(
  "latin1Slice",
  function (this: Buffer, start: number, end: number): string {
    return this.toString("latin1", start, end);
  },
);

function methodOr<Method>(name: string, otherwise: Method): Method {
  const method: unknown = Reflect.get(Buffer.prototype, name);
  return typeof method === "function" ? (method as Method) : otherwise;
}
