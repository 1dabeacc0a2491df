import { SETTLED } from "#src/connection/promises.js";
import { InvalidReplyError } from "#src/errors.js";
import { EventHandlers, readEvent, sendEventError } from "#src/routing/event-handlers.js";
import type { Random } from "../random.js";
import type { Target } from "../target.js";

const handlers = new EventHandlers("the endpoint that is fuzzed");
handlers.add("echo", [(data: unknown) => data]);
handlers.add("silent", [() => undefined]);
const onlyText = {
  "~standard": {
    version: 1,
    vendor: "fuzz",
    validate: (value: unknown) =>
      typeof value === "string"
        ? { value }
        : { issues: [{ message: "no text", path: ["data", 0, { key: "x" }] }] },
  },
} as const;
handlers.add("text", [onlyText, (data: string) => data.length]);

const names = ["echo", "silent", "text", "unknown", "__proto__", "constructor", ""];
const scalars = [
  "null",
  "true",
  '""',
  '"é"',
  '"\\ud800"',
  "0",
  "-0",
  "1e999",
  "1e-7",
  "[]",
  "{}",
  '{"__proto__":{"x":1}}',
];
const dictionary = [
  '{"event":',
  '"event"',
  '"data"',
  '"id"',
  '"echo"',
  '"text"',
  ":",
  ",",
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\u0000",
  ...scalars,
].map((text) => Buffer.from(text));

function makeJson(random: Random, depth: number): string {
  if (depth === 0 || random.oneIn(2)) return random.pick(scalars);
  const members = Array.from({ length: random.size(4) }, () => makeJson(random, depth - 1));
  if (random.oneIn(2)) return `[${members.join(",")}]`;
  return `{${members.map((member) => `${JSON.stringify(random.pick(names))}:${member}`).join(",")}}`;
}

/** Messages of an endpoint with events. */
export const event: Target = {
  name: "event",
  dictionary,
  generate(random) {
    const members: string[] = [];
    if (!random.oneIn(12)) members.push(`"event":${JSON.stringify(random.pick(names))}`);
    if (!random.oneIn(4)) members.push(`"data":${makeJson(random, 3)}`);
    if (!random.oneIn(3))
      members.push(`"id":${random.oneIn(4) ? makeJson(random, 2) : random.pick(["1", '"a"', "1.5"])}`);
    const nested = random.oneIn(20_000)
      ? `{"event":"echo","data":${"[".repeat(9_000)}${"]".repeat(9_000)}}`
      : undefined;
    return Buffer.from(nested ?? `{${members.join(",")}}`);
  },
  run(input) {
    const answers: string[] = [];
    const ws = {
      connected: true,
      send: (answer: unknown) => {
        answers.push(String(answer));
        return SETTLED;
      },
    };
    const read = readEvent(input.toString());
    try {
      const waits =
        typeof read === "object" ? handlers.handle(ws, read) : sendEventError(ws, read, "a problem");
      if (waits !== undefined) throw new Error("expected nothing to be waited for");
    } catch (error) {
      // What the handler gives back may be too deep to be written; that is a fault of the handler's.
      if (error instanceof InvalidReplyError) return error.code;
      throw error;
    }
    return judgeAnswers(read, answers);
  },
};

function judgeAnswers(read: ReturnType<typeof readEvent>, answers: readonly string[]): string {
  const [text, ...more] = answers;
  if (more.length > 0) throw new Error("expected one answer at most");
  if (text === undefined) {
    if (typeof read === "object" && read.id === undefined) return "no answer";
    throw new Error("expected an answer");
  }
  const answer = JSON.parse(text) as {
    readonly event?: unknown;
    readonly id?: unknown;
    readonly error?: { readonly code: string };
  };
  if (typeof read === "object" && answer.event !== read.event)
    throw new Error("expected the answer to name the event");
  if (answer.error === undefined && typeof read === "object" && !Object.is(fromJson(read.id), answer.id))
    throw new Error("expected the answer to have the id of the event");
  if ("x" in {}) throw new Error("a prototype was changed");
  return `${answer.error?.code ?? "answer"} ${typeof answer.id}`;
}

/** As JSON carries it: it has no -0. */
function fromJson(id: unknown): unknown {
  return id === undefined ? undefined : (JSON.parse(JSON.stringify(id)) as unknown);
}
