/** What a frame reader and a message assembler make of a stream. */
import { type Failure, isFailure } from "#src/protocol/close-code.js";
import { FrameReader } from "#src/protocol/frame-reader.js";
import { MessageAssembler, type MessageSink } from "#src/protocol/message-assembler.js";
import type { StreamHead } from "./frame-streams.js";

export type NoteKind =
  "text" | "binary" | "compressed text" | "compressed binary" | "ping" | "pong" | "close";

export interface Note {
  readonly kind: NoteKind;
  readonly value: string | Buffer;
  /** Of a close frame. */
  readonly code?: number;
}

/** A reader and an assembler as a transport joins them. */
export class Endpoint implements MessageSink {
  readonly notes: Note[] = [];
  readonly reader: FrameReader;
  readonly assembler: MessageAssembler;
  readonly #pauses: boolean;

  constructor({ role, compression, maxMessageSize, maxEmptyFragments, pauses }: Omit<StreamHead, "cuts">) {
    this.assembler = new MessageAssembler(this, { maxMessageSize, maxEmptyFragments });
    this.reader = new FrameReader(this.assembler, { role, compression });
    this.#pauses = pauses;
  }

  get failure(): Failure | undefined {
    const { failure } = this.reader;
    if (failure !== undefined && !isFailure(failure)) throw new Error("expected a failure to be one");
    return failure;
  }

  /** Pushes bytes, which are spoilt then: what has kept a view of them, would show. */
  push(chunk: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const stopped = this.reader.push(chunk, at, end);
      if (stopped <= at || stopped > end) throw new Error("expected a push to get on, and within its bytes");
      at = stopped;
    }
    for (let at = start; at < end; at++) chunk[at] = 0xee; // faster than fill, as most are short
  }

  message(data: string | Buffer): void {
    this.#note({ kind: typeof data === "string" ? "text" : "binary", value: data });
  }

  compressedMessage(payload: Buffer, isText: boolean): undefined {
    this.#note({ kind: isText ? "compressed text" : "compressed binary", value: Buffer.from(payload) });
  }

  ping(payload: Buffer): void {
    this.#note({ kind: "ping", value: Buffer.from(payload) });
  }

  pong(payload: Buffer): void {
    this.#note({ kind: "pong", value: Buffer.from(payload) });
  }

  close(code: number, reason: string): void {
    this.reader.stop();
    this.#note({ kind: "close", value: reason, code });
  }

  #note(note: Note): void {
    this.notes.push(note);
    if (this.#pauses) this.reader.pause();
  }
}

export function isSameNote(one: Note | undefined, other: Note | undefined): boolean {
  if (one === undefined || other === undefined || one.kind !== other.kind || one.code !== other.code)
    return false;
  if (typeof one.value === "string") return one.value === other.value;
  return typeof other.value !== "string" && one.value.equals(other.value);
}

/** @throws if they are not the same */
export function expectSameNotes(came: readonly Note[], expected: readonly Note[], of: string): void {
  const differs = came.length !== expected.length || came.some((note, at) => !isSameNote(note, expected[at]));
  if (differs)
    throw new Error(`expected the same messages ${of}\n${listOf(expected)}\nbut got\n${listOf(came)}`);
}

function listOf(notes: readonly Note[]): string {
  return JSON.stringify(
    notes.map(({ kind, value, code }) => [kind, code, value.toString("latin1" as never)]),
  );
}

/** A short name for what came of a stream. */
export function nameOfOutcome(notes: readonly Note[], failure: Failure | undefined): string {
  const kinds = notes.slice(0, 4).map(({ kind }) => kind);
  return `${kinds.join(" ")} ${failure?.reason ?? ""}`;
}
