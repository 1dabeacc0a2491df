import type { Target } from "../target.js";
import { HEAD_SIZE, makeStream, mutateStream, readHead } from "./frame-streams.js";
import { Endpoint, expectSameNotes, isSameNote, nameOfOutcome } from "./stream-outcome.js";
import { WsEndpoint } from "./ws-verdict.js";

/**
 * Where the two differ because we are stricter, by the words of our refusal:
 *
 * - RFC 6455 §5.2 demands the shortest form of a length; `ws` takes any.
 * - It says that the top bit of a 64-bit length is 0, so that it is an error of the protocol (1002); for `ws` the frame is too
 *   big (1009).
 * - We refuse text at the first byte that no other byte can make valid (§8.1), `ws` at the end of the message: control frames
 *   in between are still taken, and what is wrong with them, or too long, is found first.
 */
const stricter: ReadonlySet<string> = new Set([
  "a length is not in its shortest form",
  "the top bit of a 64-bit length is set",
  "a text message is not valid UTF-8",
]);

/** So many chunks at the most: what `ws` keeps of a message costs it time that grows with the square of their number. */
const MOST_CHUNKS = 5_000;

/** More of the same stream: one of the two may need a few more bytes than the other to see what is wrong. */
const MORE = 14;

/** The same streams to `ws`, whose verdict must be ours. */
export const wsReceiver: Target = {
  name: "ws",
  generate: (random) => makeStream(random, 0x0d),
  mutate: mutateStream,
  run: compare,
};

function compare(input: Buffer): string {
  const { role, maxMessageSize, cuts } = readHead(input);
  const limit = maxMessageSize === 0 ? 1_000 : maxMessageSize; // 0 is no limit for them
  const stream = input.subarray(HEAD_SIZE);
  const ours = new Endpoint({
    role,
    compression: false,
    maxMessageSize: limit,
    maxEmptyFragments: Infinity,
    pauses: false,
  });
  const theirs = new WsEndpoint(role === "server", limit);
  ours.push(Buffer.from(stream), 0, stream.length);
  for (let at = 0, chunks = 0; at < stream.length; chunks++) {
    const size = chunks < MOST_CHUNKS ? cuts.next() : stream.length - at;
    if (size > 0) theirs.push(Buffer.from(stream.subarray(at, at + size)));
    at += size;
  }
  const { failure } = ours;
  if (failure !== undefined && stricter.has(failure.reason)) return compareStricter(ours, theirs);
  if (failure !== undefined && theirs.failureCode === undefined) theirs.push(Buffer.alloc(MORE, 0xff));
  else if (failure === undefined && theirs.failureCode !== undefined)
    ours.push(Buffer.alloc(MORE, 0xff), 0, MORE);
  expectSameNotes(ours.notes, theirs.notes, "as ws");
  if (ours.failure?.code !== theirs.failureCode)
    throw new Error(
      `expected ${theirs.failureCode}, as ws, but got ${ours.failure?.code} ${ours.failure?.reason}`,
    );
  return nameOfOutcome(ours.notes, ours.failure);
}

/** All that we have taken they have, too; what we refused as text they don't take either. */
function compareStricter(ours: Endpoint, theirs: WsEndpoint): string {
  const { failure } = ours;
  for (const [at, note] of ours.notes.entries()) {
    if (!isSameNote(note, theirs.notes[at]))
      throw new Error(`expected ws to take what we took: the ${note.kind}`);
  }
  const then = new Set(theirs.notes.slice(ours.notes.length).map(({ kind }) => kind));
  if (failure?.code === 1007 && (then.has("text") || then.has("binary")))
    throw new Error("expected ws not to take the text that we refused");
  return `stricter: ${nameOfOutcome(ours.notes, failure)}`;
}
