/**
 * Compressing and inflating for all connections of the process.
 *
 * We take no context over between messages (RFC 7692 §7.1.1), so that no connection holds one. Small messages are done at
 * once, as a thread would cost more than it saves, in contexts that all share; large ones in threads, few at a time, which
 * bounds the memory of all contexts together. What a peer takes over is a `History`, from which zlib makes its context anew.
 */

import { constants as bufferConstants } from "node:buffer";
import {
  constants,
  deflateRaw,
  deflateRawSync,
  inflateRaw,
  inflateRawSync,
  type ZlibOptions,
} from "node:zlib";
import { inRootContext } from "../base/root-context.js";
import { SHARED_OUTPUT_SIZE, sharedDeflate, sharedInflate, type SharedContext } from "./shared-zlib.js";

/** Messages up to this size are compressed at once, in bytes. */
export const SYNC_DEFLATE_SIZE = 16_384;

/** Messages that inflate to more than this are inflated in a thread, in bytes. */
const SYNC_INFLATE_SIZE = SHARED_OUTPUT_SIZE;

/** At most so many threads work for us at a time. */
const MAX_JOBS = 4;

/**
 * What stands behind each message as its sender cut it off (RFC 7692 §7.2.2), and an empty final block: with it, zlib
 * tells a message that is complete from one that was cut short.
 */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff]);
const SYNC_TAIL_SIZE = 4;

/** The dictionary of a message that refers to nothing but itself. */
const NOTHING = Buffer.alloc(0);

/** A message that inflates to more than its limit. */
export const TOO_BIG = "too big";
/** Bytes that are no message. */
const CORRUPT = "corrupt";

export type Inflated = Buffer | typeof TOO_BIG | typeof CORRUPT;

let running = 0;
const queue: (() => void)[] = [];

/** By the bits of their windows; `undefined` where there can be none. */
const deflates = new Map<number, SharedContext | undefined>();

let inflater: { readonly context: SharedContext | undefined } | undefined;

/** Compresses at once. @returns the bytes to send, until the next call */
export function deflateNow(bytes: Uint8Array, windowBits: number): Buffer {
  if (!deflates.has(windowBits)) deflates.set(windowBits, inRootContext(sharedDeflate, windowBits));
  const context = deflates.get(windowBits);
  context?.begin(SHARED_OUTPUT_SIZE);
  if (context?.push(bytes, constants.Z_SYNC_FLUSH) === "done") return withoutTail(context.output);
  return withoutTail(deflateRawSync(bytes, deflateOptions(bytes.length, windowBits)));
}

/** Compresses in a thread. @returns the bytes to send */
export function deflateLater(bytes: Uint8Array, windowBits: number): Promise<Buffer> {
  return job((done) => {
    deflateRaw(bytes, deflateOptions(bytes.length, windowBits), (error, deflated) => {
      // What cannot be compressed, for want of memory, is sent as it is.
      done(error === null ? withoutTail(deflated) : Buffer.from(bytes));
    });
  });
}

/** What a peer's messages may refer to beyond their own beginning. */
export interface History {
  /** Whether there is nothing. */
  readonly isEmpty: boolean;
  /** Whether messages are known to refer to it. */
  readonly isNeeded: boolean;
  /** Its bytes, up to the window, until anything else is done with any history. */
  readonly dictionary: Buffer;
  /** A message was inflated, whose bytes hold during the call. @param refersBack - whether it needed the history */
  inflated(message: Buffer, refersBack: boolean): void;
}

/**
 * Inflates a message, at once if it is small.
 *
 * First without the history, which only few peers need: what comes out then is right, as zlib fails at the first reference
 * that leads back beyond the beginning of a message. Only what failed is tried again.
 *
 * @param limit - the most bytes that it may inflate to; not many more than these are ever held
 * @param history - of its sender, which has no other message under way
 * @returns what came of it: bytes that are not in a promise hold until the next call
 */
export function inflate(payload: Uint8Array, limit: number, history: History): Inflated | Promise<Inflated> {
  let refersBack = history.isNeeded;
  if (payload.length > SYNC_INFLATE_SIZE) return inflateLater(payload, limit, history, refersBack);
  const syncLimit = Math.min(limit, SYNC_INFLATE_SIZE);
  let inflated = refersBack ? CORRUPT : inflateNow(payload, syncLimit);
  if (inflated === CORRUPT && !history.isEmpty) {
    refersBack = true;
    inflated = inflateNow(payload, syncLimit, history.dictionary);
  }
  if (inflated === TOO_BIG && limit > SYNC_INFLATE_SIZE)
    return inflateLater(payload, limit, history, refersBack);
  if (typeof inflated !== "string") history.inflated(inflated, refersBack);
  return inflated;
}

function inflateNow(payload: Uint8Array, limit: number, dictionary: Buffer = NOTHING): Inflated {
  inflater ??= { context: inRootContext(sharedInflate) };
  const { context } = inflater;
  if (context === undefined) return inflateAnew(payload, limit, dictionary);
  if (dictionary.length === 0) context.begin(limit);
  else context.beginAfter(dictionary, limit);
  let outcome = context.push(payload, constants.Z_SYNC_FLUSH);
  if (outcome === "done") outcome = context.push(TAIL, constants.Z_FINISH);
  if (outcome === "done") return hasEnded(context.unread) ? context.output : CORRUPT;
  return outcome === "full" ? TOO_BIG : CORRUPT;
}

function inflateAnew(payload: Uint8Array, limit: number, dictionary: Buffer): Inflated {
  const bytes = Buffer.concat([payload, TAIL]);
  try {
    const maxOutputLength = Math.max(limit, 1); // zlib takes no 0
    const inflated = inflatedOf(inflateRawSync(bytes, { maxOutputLength, dictionary, info: true }), bytes);
    return inflated === CORRUPT || inflated.length <= limit ? inflated : TOO_BIG;
  } catch (error) {
    return verdictOf(error);
  }
}

async function inflateLater(
  payload: Uint8Array,
  limit: number,
  history: History,
  needsHistory: boolean,
): Promise<Inflated> {
  const bytes = Buffer.concat([payload, TAIL]);
  let refersBack = needsHistory;
  let inflated = refersBack ? CORRUPT : await inflateInThread(bytes, limit);
  if (inflated === CORRUPT && !history.isEmpty) {
    refersBack = true;
    inflated = await inflateInThread(bytes, limit, history);
  }
  if (typeof inflated !== "string") history.inflated(inflated, refersBack);
  return inflated;
}

/** @param history - of which a copy is made only when a thread is free: what waits for one holds none */
function inflateInThread(bytes: Buffer, limit: number, history?: History): Promise<Inflated> {
  return job((done) => {
    const options = {
      maxOutputLength: Math.min(limit, bufferConstants.MAX_LENGTH),
      chunkSize: SYNC_INFLATE_SIZE,
      dictionary: history?.dictionary ?? NOTHING,
      info: true,
    };
    inflateRaw(bytes, options, (error, result) => {
      done(error === null ? inflatedOf(result, bytes) : verdictOf(error));
    });
  });
}

/**
 * Whether a message has ended where it may: in a final block of its own (RFC 7692 §7.2.3.4), or with ours. Where it is cut
 * short, a block takes what stands behind the message for its own, and may find an end in it by chance.
 *
 * @param unread - how many bytes zlib has left over
 */
function hasEnded(unread: number): boolean {
  return unread === 0 || unread >= TAIL.length;
}

/** What zlib gives with the option `info`, of which its types don't know. */
interface InflatedWithInfo {
  readonly buffer: Buffer;
  /** How many bytes it has taken. */
  readonly engine: { readonly bytesWritten: number };
}

function inflatedOf(result: unknown, bytes: Buffer): Buffer | typeof CORRUPT {
  const { buffer, engine } = result as InflatedWithInfo;
  return hasEnded(bytes.length - engine.bytesWritten) ? buffer : CORRUPT;
}

function verdictOf(error: unknown): typeof TOO_BIG | typeof CORRUPT {
  return (error as { code?: unknown } | undefined)?.code === "ERR_BUFFER_TOO_LARGE" ? TOO_BIG : CORRUPT;
}

/** A context no larger than the message needs: making it is most of the cost of a small one. */
function deflateOptions(size: number, windowBits: number): ZlibOptions {
  const needed = Math.max(9, 32 - Math.clz32(Math.max(size - 1, 1)));
  const memLevel = Math.min(8, Math.max(1, needed - 7));
  return { windowBits: Math.min(windowBits, needed), memLevel, finishFlush: constants.Z_SYNC_FLUSH };
}

/** RFC 7692 §7.2.1: the empty block that the flush ended with is not sent. */
function withoutTail(deflated: Buffer): Buffer {
  return deflated.subarray(0, deflated.length - SYNC_TAIL_SIZE);
}

/** Starts `work` when a thread is free for it. */
function job<T>(work: (done: (outcome: T) => void) => void): Promise<T> {
  return new Promise((resolve) => {
    const start = (): void => {
      running++;
      inRootContext(work, (outcome: T) => {
        running--;
        queue.shift()?.();
        resolve(outcome);
      });
    };
    if (running < MAX_JOBS) start();
    else queue.push(start);
  });
}
