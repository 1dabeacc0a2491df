/** All workers are renewed while thousands of clients are there, and come back. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../frameworks/clients.js";
import { Command, app } from "./command.js";
import { ReturningClient } from "./returning-client.js";

const CLIENTS = 2_000;

/** So many numbers are on their way at a time. */
const AT_A_TIME = 4;

/** Between two of them, in milliseconds. */
const PAUSE = 50;

/** Has the app write numbers for all readers. */
class Writer {
  /** The number that it writes next. */
  next = 0;
  readonly #command: Command;

  constructor(command: Command) {
    this.#command = command;
  }

  /** @returns the number that was written */
  async write(): Promise<number> {
    const number = this.next++;
    const { port } = this.#command;
    const sent = request({ host: "127.0.0.1", port, path: `/board/${number}`, method: "POST", agent: false });
    const [response] = (await once(sent.end(), "response")) as [IncomingMessage];
    assert.equal(response.resume().statusCode, 200);
    return number;
  }

  async writeUntil({ signal }: AbortController): Promise<void> {
    const writeOneByOne = async (): Promise<void> => {
      while (!signal.aborted) {
        await this.write();
        await sleep(PAUSE);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, writeOneByOne));
  }
}

/** A number on the board. */
interface Line {
  /** The process that wrote it. */
  readonly by: number;
  /** The how manieth of that process it is. */
  readonly nth: number;
  readonly number: number;
}

function lineOf(message: string): Line {
  const [by = NaN, nth = NaN, number = NaN] = message.split(" ").map(Number);
  return { by, nth, number };
}

/** What a reader gets over one connection. */
interface Stay {
  /** From here on it must see all numbers. */
  readonly from: number;
  readonly lines: Line[];
}

class Reader extends ReturningClient {
  /** While it is told what is written. */
  stay: Stay | undefined;
  readonly formerStays: Stay[] = [];
  readonly #writer: Writer;

  constructor(t: TestContext, command: Command, writer: Writer) {
    super(t, `${command.socketUrl}/board`);
    this.#writer = writer;
  }

  protected override received(message: string): void {
    if (message === "joined") this.stay = { from: this.#writer.next, lines: [] };
    else this.stay?.lines.push(lineOf(message));
  }

  protected override ended(): void {
    if (this.stay !== undefined) this.formerStays.push(this.stay);
    this.stay = undefined;
  }
}

function hasSeen(number: number, { lines }: Stay): boolean {
  return lines.some((line) => line.number === number);
}

/** Which numbers, from the one on that a reader must have seen to a last one, it hasn't. */
function missing(stay: Stay, last: number): number[] {
  const numbers = Array.from({ length: Math.max(0, last + 1 - stay.from) }, (_, index) => stay.from + index);
  return numbers.filter((number) => !hasSeen(number, stay));
}

/** Which lines a reader hasn't seen, though they were written since it joined, before one of the same process that it saw. */
function passedOver({ from, lines }: Stay, board: readonly Line[]): Line[] {
  const latest = new Map(lines.map(({ by, nth }) => [by, nth]));
  const seen = new Set(lines.map(({ number }) => number));
  return board.filter(
    ({ by, nth, number }) => number >= from && nth < (latest.get(by) ?? 0) && !seen.has(number),
  );
}

/** Which lines don't follow the one of the same process that came before them: what each process writes has an order. */
function outOfOrder({ lines }: Stay): Line[] {
  const latest = new Map<number, number>();
  return lines.filter(({ by, nth }) => {
    const follows = nth === (latest.get(by) ?? nth - 1) + 1;
    latest.set(by, nth);
    return !follows;
  });
}

test(
  "hostile 71: a rolling restart under load: nobody is refused, all come back, and miss nothing from then on",
  { timeout: 60_000 },
  async (t) => {
    const command = await Command.run(t, app("board"), ["--workers", "2", "--grace", "30000"]);
    const writer = new Writer(command);
    const readers = Array.from({ length: CLIENTS }, () => new Reader(t, command, writer));
    const areAllThere = (): boolean => readers.every(({ stay }) => stay !== undefined);
    await until(areAllThere);
    const restart = new AbortController();
    const writing = writer.writeUntil(restart);
    command.kill("SIGHUP");
    await command.says(/has renewed the workers/);
    await until(areAllThere);
    restart.abort();
    await writing;
    const last = await writer.write();
    await until(() => readers.every(({ stay }) => stay !== undefined && hasSeen(last, stay)));

    assert.deepEqual(
      readers.flatMap(({ refusals }) => refusals),
      [],
    );
    const stays = readers.flatMap(({ stay, formerStays }) => (stay ? [...formerStays, stay] : formerStays));
    const lines = stays.flatMap((stay) => stay.lines);
    const board = [...new Map(lines.map((line) => [line.number, line])).values()];
    for (const each of stays) {
      assert.deepEqual(passedOver(each, board), []);
      assert.deepEqual(outOfOrder(each), []);
    }
    for (const { closes, stay } of readers) {
      assert.ok(closes.length >= 1 && closes.every((code) => code === 1001), closes.join());
      assert.ok(stay !== undefined);
      assert.deepEqual(missing(stay, last), []);
    }
    command.kill("SIGTERM");
    assert.deepEqual(await command.ended, { code: 0, signal: null });
  },
);
