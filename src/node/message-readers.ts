/**
 * Readers of messages that are lent to connections. A reader holds something only in the middle of a message, so that
 * the many connections that are between two messages share a few.
 */

import { FrameReader } from "../protocol/frame-reader.js";
import { MessageAssembler, type MessageSink } from "../protocol/message-assembler.js";
import type { Role } from "../protocol/opcode.js";

export interface MessageReader {
  readonly frames: FrameReader;
  readonly messages: MessageAssembler;
}

/** What a reader must know of the connection that it is lent to. */
export interface ReaderNeeds {
  readonly role: Role;
  /** The most bytes that a message may have. */
  readonly maxMessageSize: number;
  /** Whether permessage-deflate was agreed on. */
  readonly isCompressed: boolean;
}

/** Reads do not nest deeply: so many are enough. */
const KEPT = 16;

const spare: Readonly<Record<Role, MessageReader[]>> = { server: [], client: [] };

/** Lends a reader, which is between messages. */
export function takeReader(
  sink: MessageSink,
  { role, maxMessageSize, isCompressed }: ReaderNeeds,
): MessageReader {
  const reader = spare[role].pop() ?? makeReader(role);
  reader.messages.serve(sink, maxMessageSize);
  reader.frames.allowCompression(isCompressed);
  return reader;
}

/** Takes a reader back that is between messages. */
export function giveReader(reader: MessageReader, { role }: ReaderNeeds): void {
  if (spare[role].length === KEPT) return;
  reader.messages.serve(nobody, 0);
  spare[role].push(reader);
}

function makeReader(role: Role): MessageReader {
  const messages = new MessageAssembler(nobody, { maxMessageSize: 0 });
  return { messages, frames: new FrameReader(messages, { role }) };
}

function nothing(): undefined {
  return undefined;
}

/** Whom a spare reader serves, so that it keeps no connection alive. */
const nobody: MessageSink = {
  message: nothing,
  compressedMessage: nothing,
  ping: nothing,
  pong: nothing,
  close: nothing,
};
