/** What must work with every client. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { Client, Errand } from "./errand.js";
import { mebibyte, startServer, type InteropServer } from "./server.js";

export const allSizes: readonly number[] = [0, 1, 125, 126, 65_535, 65_536, mebibyte, 16 * mebibyte];

export interface InteropOptions {
  readonly run: Client;
  /** Why not to run at all, if there is a reason. */
  readonly skip?: string | false;
  /** The sizes of messages, in bytes. @default allSizes */
  readonly sizes?: readonly number[];
  /** The same where compression is on. @default sizes */
  readonly compressedSizes?: readonly number[];
}

export function interop(name: string, options: InteropOptions): void {
  const { run, skip = false, sizes = allSizes, compressedSizes = sizes } = options;
  const bounded = { timeout: 90_000 };
  const bye = { code: 3001, reason: "bye" };

  describe(name, { skip }, () => {
    test("gets the echo of text and bytes of every size, uncompressed", bounded, async (t) => {
      const server = await start(t, { compression: false });
      const report = await run(errand(server, "/echo", { sizes, close: bye }));
      assert.deepEqual(report.echoed, sizes.flatMap(bothKinds));
      assert.equal(report.extensions, "");
    });

    test("gets the echo of text and bytes of every size, compressed", bounded, async (t) => {
      const server = await start(t, { compression: true });
      const report = await run(
        errand(server, "/echo", { compression: true, sizes: compressedSizes, close: bye }),
      );
      assert.deepEqual(report.echoed, compressedSizes.flatMap(bothKinds));
      assert.match(report.extensions, /^permessage-deflate\b/);
    });

    test("offers compression in vain to a server that has it switched off", bounded, async (t) => {
      const server = await start(t, { compression: false });
      const report = await run(errand(server, "/echo", { compression: true, sizes: [125], close: bye }));
      assert.deepEqual(report.echoed, bothKinds(125));
      assert.equal(report.extensions, "");
    });

    test("closes with its own code and reason", bounded, async (t) => {
      const server = await start(t);
      const report = await run(errand(server, "/echo", { close: bye }));
      const info = await server.closes[0];
      assert.equal(info?.code, 3001);
      assert.equal(info.reason, "bye");
      assert.equal(report.close.code, 3001);
    });

    test("sees the code and the reason with which a handler closes", bounded, async (t) => {
      const server = await start(t);
      const report = await run(errand(server, "/leave"));
      assert.deepEqual(report.close, { code: 4001, reason: "tschüß" });
      assert.equal((await server.closes[0])?.code, 4001);
    });

    test("sees 1000 when a handler returns", bounded, async (t) => {
      const server = await start(t);
      const report = await run(errand(server, "/return"));
      assert.equal(report.close.code, 1000);
    });

    test("agrees on a subprotocol that both know", bounded, async (t) => {
      const server = await start(t);
      const report = await run(errand(server, "/return", { subprotocols: ["unknown", "older"] }));
      assert.equal(report.subprotocol, "older");
    });

    test("goes on without a subprotocol if it asked for none", bounded, async (t) => {
      const server = await start(t);
      const report = await run(errand(server, "/return"));
      assert.equal(report.subprotocol, "");
      assert.equal(report.close.code, 1000);
    });
  });
}

async function start(t: TestContext, { compression = false } = {}): Promise<InteropServer> {
  const server = await startServer({ compression });
  t.after(() => server.stop());
  return server;
}

function errand(server: InteropServer, path: string, options: Partial<Errand> = {}): Errand {
  return { subprotocols: [], compression: false, sizes: [], ...options, url: server.url + path };
}

function bothKinds(size: number): string[] {
  return [`text ${size}`, `binary ${size}`];
}
