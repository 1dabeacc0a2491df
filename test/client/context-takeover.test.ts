/** Servers that take their compression context over, and say so or don't. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { jsonOf } from "../conformance/payloads.js";
import { ClientSubject, switching } from "../conformance/client-subject.js";
import { acceptOf } from "../conformance/server-subject.js";
import { NO_TAKEOVER } from "../conformance/windows.js";
import { ContextKeeper, deflatedAfter } from "../protocol/context-keeper.js";
import { buildFrame } from "../protocol/frames.js";
import type { ClientSocket } from "#src/client/open-connection.js";

const RSV1 = 0x40;
const bounded = { timeout: 60_000 };

interface Connected {
  readonly ws: ClientSocket;
  /** Sends a compressed message from the server. */
  readonly compress: (payload: Buffer) => void;
  /** The next bytes of the client. */
  readonly bytes: () => Promise<Buffer>;
}

/** Connects our client to a server that answers its offer of compression so. */
async function connect(t: TestContext, answer: string): Promise<Connected> {
  const subject = new ClientSubject();
  t.after(() => subject.dispose());
  const { head, socket, opening } = await subject.meet({ compression: { threshold: 0 } });
  const accept = acceptOf(head.one("Sec-WebSocket-Key"));
  socket.write(switching(accept, { "Sec-WebSocket-Extensions": answer }));
  const opened = await opening;
  assert.ok(opened.kind === "opened", opened.kind);
  return {
    ws: opened.ws,
    compress: (payload) => void socket.write(buildFrame("client", { opcode: 1, reserved: RSV1, payload })),
    bytes: async () => {
      socket.resume();
      const [bytes] = (await once(socket, "data")) as [Buffer];
      return bytes;
    },
  };
}

describe("a client whose server takes its context over", bounded, () => {
  for (const [what, answer] of [
    ["answers the bare name", "permessage-deflate"],
    ["lets itself", "permessage-deflate; client_no_context_takeover"],
    ["says it will not", NO_TAKEOVER],
  ] as const) {
    test(`hostile 88: one that ${what}: all that it sends comes`, async (t) => {
      const { ws, compress } = await connect(t, answer);
      const keeper = new ContextKeeper();
      for (let each = 0; each < 60; each++) {
        const message = jsonOf(each % 10 === 0 ? 100_000 : 20 + 40 * each, each).toString();
        compress(await keeper.deflate(message));
        assert.ok((await ws.receive()) === message, `message ${each}`);
      }
    });

    test(`hostile 88: one that ${what}: we take nothing over`, async (t) => {
      const { ws, bytes } = await connect(t, answer);
      const payloads: string[] = [];
      for (let each = 0; each < 2; each++) {
        void ws.send("the same message, and the same message again");
        const [, length = 0, ...rest] = await bytes();
        assert.equal(rest.length - 4, length & 0x7f);
        payloads.push(
          Buffer.from(rest.slice(4).map((byte, at) => byte ^ (rest[at % 4] ?? 0))).toString("hex"),
        );
      }
      assert.equal(payloads[0], payloads[1]);
    });
  }

  test("hostile 88: what was agreed on is not forgotten, however many messages begin anew", async (t) => {
    const { ws, compress } = await connect(t, "permessage-deflate");
    const message = `{"event":"moved","data":{"x":${"1".repeat(20)}}}`;
    for (let each = 0; each < 10; each++) {
      compress(deflatedAfter("", message));
      assert.equal(await ws.receive(), message);
    }
    compress(deflatedAfter(message, message));
    assert.equal(await ws.receive(), message);
  });
});
