/** What is wrong with a frame that the application wants to send. */

import { isControl, isOpcode, Opcode } from "../protocol/opcode.js";

/**
 * @param isFragmenting - whether a message was begun whose last frame was not sent yet
 * @returns a sentence, or `undefined` if the frame may be sent (RFC 6455 §5.4, §5.5)
 */
export function frameProblem(
  opcode: number,
  payload: unknown,
  fin: boolean,
  isFragmenting: boolean,
): string | undefined {
  if (!(payload instanceof Uint8Array)) return "expected a payload of text or bytes";
  if (!Number.isInteger(opcode) || opcode < 0 || !isOpcode(opcode))
    return `expected an opcode of RFC 6455, but got ${opcode}`;
  if (opcode === Opcode.close) return "expected a data frame, ping or pong; to close, call close()";
  if (isControl(opcode)) {
    return fin && payload.length <= 125
      ? undefined
      : "a control frame has at most 125 bytes and is never fragmented";
  }
  if (opcode === Opcode.continuation) return isFragmenting ? undefined : "there is no message to continue";
  return isFragmenting
    ? "expected a continuation frame, because a fragmented message is not complete"
    : undefined;
}
