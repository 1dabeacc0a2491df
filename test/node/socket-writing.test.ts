import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { turns, until } from "../connection/turns.js";
import { EventRecorder } from "../connection/transport-contract.js";
import { tcpPair, type TcpPair } from "./tcp-pair.js";

async function exchange({ transport, peer }: TcpPair, text: string): Promise<void> {
  transport.sendText(text);
  assert.deepEqual(await peer.next(), ["text", text]);
}

describe("how a socket is written to", { timeout: 30_000 }, () => {
  test("on plain TCP nothing passes through the stream, once a first write has shown how it is done", async (t) => {
    const [first, pair] = [await tcpPair(t, "shared"), await tcpPair(t, "shared")];
    await until(() => first.socket.writableLength + pair.socket.writableLength === 0); // the 101 went through them
    await exchange(first, "first");
    const { mock } = t.mock.method(pair.socket, "_write");
    await exchange(pair, "past the stream");
    assert.equal(mock.callCount(), 0);
  });

  test("where somebody watches the writes, all of them are seen", async (t) => {
    const pair = await tcpPair(t, "shared");
    const { mock } = t.mock.method(pair.socket, "write");
    await exchange(pair, "watched");
    assert.equal(String(mock.calls[0]?.arguments[0]).slice(2), "watched");
  });

  test("behind what the stream has still to write, it waits its turn", async (t) => {
    const pair = await tcpPair(t, "shared");
    pair.peer.stopReading();
    const frame = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 128, 0, 0]); // 8 MiB follow, by the stream
    pair.socket.write(Buffer.concat([frame, Buffer.alloc(2 ** 23, 7)]));
    assert.ok(pair.socket.writableLength > 0);
    pair.transport.sendText("behind it");
    await turns(5);
    pair.peer.goOnReading();
    assert.equal((await pair.peer.nextOf("binary"))[1].length, 2 ** 23);
    assert.deepEqual(await pair.peer.next(), ["text", "behind it"]);
  });

  test("a peer that has gone is noticed by the write that fails", async (t) => {
    const { transport, peer, socket } = await tcpPair(t, "shared");
    const events = new EventRecorder();
    transport.start(events);
    peer.drop();
    const closed = once(socket, "close");
    await until(() => {
      transport.sendText("anybody?");
      return socket.destroyed;
    });
    await closed;
    await events.until("closed");
    assert.equal(events.of("closed").length, 1);
  });

  test("one that is dropped while bytes wait, is gone, and so are they", async (t) => {
    const { transport, peer, socket } = await tcpPair(t, "shared");
    const events = new EventRecorder();
    transport.start(events);
    peer.stopReading();
    for (let each = 0; each < 64; each++) transport.sendBinary(new Uint8Array(2 ** 20));
    await turns(5);
    assert.ok(transport.bufferedAmount > 2 ** 20);
    transport.terminate();
    await once(socket, "close");
    await events.until("closed");
    transport.sendText("too late");
    await turns(5);
  });

  test("writing goes on in order, and wholly, after the peer has been slow again and again", async (t) => {
    const { transport, peer } = await tcpPair(t, "shared");
    for (let round = 0; round < 5; round++) {
      peer.stopReading();
      for (let each = 0; each < 40; each++) transport.sendBinary(Buffer.alloc(300_000, each));
      await turns(3);
      peer.goOnReading();
      for (let each = 0; each < 40; each++) {
        const [, bytes] = await peer.nextOf("binary");
        assert.ok(bytes.equals(Buffer.alloc(300_000, each)), `message ${each} of round ${round}`);
      }
      await until(() => transport.bufferedAmount === 0);
    }
  });
});
