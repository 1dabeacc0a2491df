import { encodeClosePayload, MAX_CLOSE_REASON_BYTES } from "#src/protocol/close-code.js";
import { encodeFrame, firstByte } from "#src/protocol/frame-writer.js";
import type { Target } from "../target.js";
import { HEAD_SIZE, makeStream, mutateStream, readHead, type StreamHead } from "./frame-streams.js";
import { Endpoint, expectSameNotes, nameOfOutcome, type Note, type NoteKind } from "./stream-outcome.js";
import { watchAllocations } from "./watched-allocations.js";

/** What a header alone may have set aside. */
const TRUSTED_LENGTH = 65_536;

const FAILURE_CODES: ReadonlySet<number> = new Set([1002, 1007, 1008, 1009]);

const allocations = watchAllocations();

/** The frame reader and the message assembler, in both roles. */
export const frames: Target = {
  name: "frames",
  generate: (random) => makeStream(random, 0xff),
  mutate: mutateStream,
  run: runStream,
};

function runStream(input: Buffer): string {
  const head = readHead(input);
  const stream = input.subarray(HEAD_SIZE);
  allocations.largest = 0;
  const whole = new Endpoint(head);
  whole.push(Buffer.from(stream), 0, stream.length);
  expectWithinLimits(head, whole, stream.length);
  const cut = new Endpoint(head);
  pushCut(cut, Buffer.from(stream), head);
  expectSameNotes(cut.notes, whole.notes, "however the stream is cut");
  if (cut.failure?.reason !== whole.failure?.reason)
    throw new Error(
      `expected "${whole.failure?.reason}" however it is cut, but got "${cut.failure?.reason}"`,
    );
  if (cut.reader.isBetweenMessages !== whole.reader.isBetweenMessages)
    throw new Error("expected to be between messages, or not, however the stream is cut");
  if (whole.reader.done) expectTheEnd(whole, head);
  expectRoundTrip(whole, head);
  return nameOfOutcome(whole.notes, whole.failure);
}

function pushCut(endpoint: Endpoint, stream: Buffer, { cuts }: StreamHead): void {
  for (let at = 0; at < stream.length;) {
    const end = Math.min(at + cuts.next(), stream.length);
    endpoint.push(stream, at, end);
    at = end;
  }
}

function expectWithinLimits(
  { maxMessageSize }: StreamHead,
  { notes, failure, reader, assembler }: Endpoint,
  came: number,
): void {
  if (failure !== undefined && !FAILURE_CODES.has(failure.code))
    throw new Error(`expected a failure of the peer's, but got ${failure.code}`);
  if (failure !== undefined && Buffer.byteLength(failure.reason) > MAX_CLOSE_REASON_BYTES)
    throw new Error(`expected a reason that fits a close frame, but got "${failure.reason}"`);
  // What is compressed may need a little more.
  const limit = maxMessageSize + (maxMessageSize >>> 6) + 64;
  for (const { kind, value } of notes) {
    const size = Buffer.byteLength(value);
    if (size > mostOf(kind, maxMessageSize, limit))
      throw new Error(`expected no ${kind} of so many bytes: ${size}`);
  }
  if (allocations.largest > Math.max(limit, 125) || allocations.largest > Math.max(TRUSTED_LENGTH, 2 * came))
    throw new Error(`expected less memory to be set aside than ${allocations.largest} bytes for ${came}`);
  if (reader.isBetweenMessages && assembler.progress !== undefined)
    throw new Error("expected no progress of a message between messages");
}

function mostOf(kind: NoteKind, maxMessageSize: number, limit: number): number {
  if (kind === "text" || kind === "binary") return maxMessageSize;
  return kind === "compressed text" || kind === "compressed binary" ? limit : 125;
}

/** After the end nothing is taken any more, not even what is valid. */
function expectTheEnd(endpoint: Endpoint, { role }: StreamHead): void {
  const [count, failure] = [endpoint.notes.length, endpoint.failure];
  const more = encodeFrame(firstByte(2, true, false), Buffer.of(1), role === "server" ? 7 : undefined);
  endpoint.push(more, 0, more.length);
  if (endpoint.notes.length !== count || endpoint.failure !== failure)
    throw new Error("expected nothing to come after the end");
}

/** What was read and is written again, is read as the same; by the same reader, if it is between messages. */
function expectRoundTrip(endpoint: Endpoint, head: StreamHead): void {
  const notes = [...endpoint.notes];
  const written = Buffer.concat(notes.map((note) => encode(note, head.role)));
  const isFresh = endpoint.failure !== undefined || !endpoint.reader.isBetweenMessages;
  const again = isFresh ? new Endpoint(head) : endpoint;
  if (!isFresh) again.notes.length = 0;
  again.push(written, 0, written.length);
  expectSameNotes(again.notes, notes, "from what they are encoded to");
}

const opcodes: Readonly<Record<NoteKind, number>> = {
  text: 1,
  binary: 2,
  "compressed text": 1,
  "compressed binary": 2,
  ping: 9,
  pong: 10,
  close: 8,
};

function encode({ kind, value, code }: Note, role: StreamHead["role"]): Buffer {
  const first = firstByte(opcodes[kind], true, kind.startsWith("compressed"));
  const payload = code === undefined ? value : encodeClosePayload(code, String(value));
  return encodeFrame(first, payload, role === "server" ? 0x12345678 ^ value.length : undefined);
}
