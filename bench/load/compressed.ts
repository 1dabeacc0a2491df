/**
 * One compressed message, there and back.
 */

import type { Connection } from "./connection.js";
import { inflated } from "./frames.js";

/**
 * @param request - the frame that carries the payload to the server
 * @returns the frame that came back; the server will answer the same request with the same frame again, as no context
 *   is taken over from one message to the next
 * @throws if the server doesn't compress, or gives back something else
 */
export async function rehearse(connection: Connection, request: Buffer, payload: Buffer): Promise<Buffer> {
  connection.write(request);
  const frame = await connection.nextFrame();
  if (!frame.isCompressed) throw new Error("expected a compressed reply, came one that is not");
  if (!inflated(frame).equals(payload)) throw new Error("the reply inflates to something else");
  return frame.bytes;
}
