import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CloseCode } from "#src/protocol/close-code.js";
import { FrameReader } from "#src/protocol/frame-reader.js";
import { MessageAssembler, type MessageSink } from "#src/protocol/message-assembler.js";
import { Opcode } from "#src/protocol/opcode.js";
import { buildFrame, buildFrames, hex } from "./frames.js";

/** A frame, new each time, as it is unmasked in place. */
function hello(reserved = 0): Buffer {
  return buildFrame("server", { opcode: Opcode.text, reserved, payload: "hello" });
}

/** Notes the messages that it gets. */
function recordingSink(): MessageSink & { readonly notes: unknown[] } {
  const notes: unknown[] = [];
  return {
    notes,
    message: (data) => notes.push(data),
    compressedMessage: (payload) => {
      notes.push(`${payload.length} compressed bytes`);
      return undefined;
    },
    ping: () => notes.push("ping"),
    pong: () => notes.push("pong"),
    close: (code) => notes.push(code),
  };
}

function reader(sink: MessageSink): { readonly frames: FrameReader; readonly messages: MessageAssembler } {
  const messages = new MessageAssembler(sink, { maxMessageSize: 100 });
  return { messages, frames: new FrameReader(messages, { role: "server" }) };
}

describe("a reader that goes from one connection to the next", () => {
  test("is between messages at the start and after each message", () => {
    const { frames } = reader(recordingSink());
    assert.equal(frames.isBetweenMessages, true);
    frames.push(buildFrame("server", { opcode: Opcode.text, payload: "hi" }));
    assert.equal(frames.isBetweenMessages, true);
  });

  test("is in the middle of one after a part of a header, of a payload, and between fragments", () => {
    for (const bytes of [
      hex("81"),
      hex("81 82 00 00 00 00 68"),
      buildFrame("server", { opcode: Opcode.text, payload: "h", fin: false }),
      buildFrames("server", [{ opcode: Opcode.text, payload: "h", fin: false }, { opcode: Opcode.ping }]),
    ]) {
      const { frames } = reader(recordingSink());
      frames.push(bytes);
      assert.equal(frames.isBetweenMessages, false, bytes.toString("hex"));
    }
  });

  test("is not between messages once it has ended", () => {
    const { frames } = reader(recordingSink());
    frames.stop();
    assert.equal(frames.isBetweenMessages, false);
  });

  test("gives what comes to the sink that it serves, within that one's limit", () => {
    const first = recordingSink();
    const second = recordingSink();
    const { frames, messages } = reader(first);
    frames.push(hello());
    messages.serve(second, 4);
    frames.push(hello());
    assert.deepEqual(first.notes, ["hello"]);
    assert.deepEqual(second.notes, []);
    assert.equal(frames.failure?.code, CloseCode.messageTooBig);
  });

  test("takes compressed messages where they are allowed, and only there", () => {
    const sink = recordingSink();
    const { frames } = reader(sink);
    frames.allowCompression(true);
    frames.push(hello(0x40));
    frames.allowCompression(false);
    frames.push(hello(0x40));
    assert.deepEqual(sink.notes, ["5 compressed bytes"]);
    assert.equal(frames.failure?.code, CloseCode.protocolError);
  });
});
