import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Sockets, type Socket } from "jackfield";
import { WebSocket } from "ws";
import { forgetRepeated, frameOfRepeated } from "#src/node/repeated-text.js";
import { encodeFrame } from "#src/protocol/frame-writer.js";

const TEXT = 0x81;

describe("a text that is sent again and again", () => {
  beforeEach(forgetRepeated);

  test("has its frame remembered from the second time on", () => {
    assert.equal(frameOfRepeated(TEXT, "grüße"), undefined);
    const frame = frameOfRepeated(TEXT, "grüße");
    assert.deepEqual(frame, encodeFrame(TEXT, Buffer.from("grüße")));
    assert.equal(frameOfRepeated(TEXT, "grüße"), frame);
  });

  test("is another one with other characters or another first byte", () => {
    frameOfRepeated(TEXT, "a");
    assert.equal(frameOfRepeated(TEXT, "b"), undefined);
    assert.equal(frameOfRepeated(0x01, "b"), undefined);
    assert.equal(frameOfRepeated(TEXT, "b"), undefined);
  });

  test("is not remembered if it is long, nor when it was forgotten", () => {
    const long = "x".repeat(20_000);
    frameOfRepeated(TEXT, long);
    assert.equal(frameOfRepeated(TEXT, long), undefined);
    frameOfRepeated(TEXT, "a");
    forgetRepeated();
    assert.equal(frameOfRepeated(TEXT, "a"), undefined);
  });

  test("reaches every socket as it is, among other messages", { timeout: 30_000 }, async (t) => {
    const sockets = new Sockets();
    const members = new Set<Socket>();
    sockets.route("/", async (ws) => {
      members.add(ws);
      if (members.size === 20) {
        for (const text of ["one", "one", "zwölf", "x".repeat(5_000), "x".repeat(5_000), ""]) {
          for (const member of members) void member.send(text);
        }
        for (const member of members) void member.close();
      }
      await ws.whenClosed;
    });
    const server = await sockets.listen(0, "127.0.0.1");
    t.after(() => sockets.close({ grace: 100 }));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const received = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const messages: string[] = [];
        const client = new WebSocket(`ws://127.0.0.1:${port}/`);
        client.on("message", (data) => messages.push((data as Buffer).toString()));
        await new Promise((resolve) => client.once("close", resolve));
        return messages;
      }),
    );
    for (const messages of received) {
      assert.deepEqual(messages, ["one", "one", "zwölf", "x".repeat(5_000), "x".repeat(5_000), ""]);
    }
  });
});
