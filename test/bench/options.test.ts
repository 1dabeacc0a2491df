import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../bench/command-line.js";
import { readOptions, type Options } from "../../bench/options.js";

function options(...args: string[]): Options {
  const options = readOptions(args);
  assert.ok(options !== "help");
  return options;
}

function peerIds(...args: string[]): string[] {
  return options(...args).peers.map(({ id }) => id);
}

test("all peers are measured, in a quick run the main ones", () => {
  assert.ok(peerIds().includes("socket-io"));
  assert.ok(!peerIds("--quick").includes("socket-io"));
  assert.deepEqual(peerIds("--quick", "--peers", "all"), peerIds());
  for (const of of ["raw-net", "ws", "express-ws", "jackfield-loop"])
    assert.ok(peerIds("--quick").includes(of));
});

test("peers are chosen by name, and by the names of groups", () => {
  assert.deepEqual(peerIds("--peers", "ws,crossws"), ["ws", "crossws"]);
  assert.deepEqual(
    new Set(peerIds("--peers", "main,crossws")),
    new Set([...peerIds("--peers", "main"), "crossws"]),
  );
});

test("a quick run opens fewer connections for the figures of memory", () => {
  const memory = options("--quick", "--workloads", "M,MZ").workloads;
  assert.deepEqual(
    memory.map(({ connections, what }) => [connections, what.includes("1,000")]),
    [
      [1000, true],
      [1000, true],
    ],
  );
});

test("a report goes into the docs only when it is told to", () => {
  assert.equal(options().out, undefined);
  assert.equal(options("--publish").out, "docs");
  assert.deepEqual(options("--out", "there").out, { folder: "there" });
  assert.throws(() => readOptions(["--publish", "--out", "there"]), UsageError);
});

test("a mistake is told with what there is to choose from", () => {
  assert.throws(() => readOptions(["--peers", "wss"]), /there is no peer "wss"; choose from raw-net, ws,/);
  assert.throws(() => readOptions(["--workloads", "Q"]), /choose from E1, .* MZ/);
});
