/** How every broker over the network begins and ends, as a suite that each is run through. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { bounded } from "../frameworks/clients.js";
import { BrokerServer } from "../services/broker-server.js";
import { freePort } from "../services/ports.js";
import { outcomeOf, pair, Peer, type NetworkBroker } from "./network-peer.js";

const run = promisify(execFile);

export function beginningAndEndContract(broker: NetworkBroker): void {
  describe(`hostile 66, 67: the beginning and the end of a link to ${broker.kind}`, () => {
    starts(broker);
    endings(broker);
  });
}

function starts(broker: NetworkBroker): void {
  test("a server that is not there at first is waited for, with one warning", bounded, async (t) => {
    const server = await BrokerServer.prepare(broker.kind);
    t.after(() => server.kill());
    const secret = server.url.replace("//", "//ann:secret@");
    const publisher = new Peer(t, broker, { url: server.url });
    const reader = new Peer(t, broker, { url: broker.kind === "nats" ? secret : server.url });
    const subscribed = reader.link.subscribe("news");
    await Promise.all([publisher.untilCut(), reader.untilCut()]);
    const waiting = outcomeOf(publisher.publish("early"));
    await server.start();
    await subscribed;
    await publisher.publish("last");
    await reader.until("last");
    assert.equal(waiting.name, "taken");
    assert.deepEqual([publisher.gaps, reader.gaps], [0, 0]);
    assert.equal(reader.log.warnings.length, 2);
    assert.match(
      reader.log.warnings[0] ?? "",
      /^jackfield: (Redis|NATS) at 127\.0\.0\.1:\d+ cannot be reached, trying again until it can be: .*refused/i,
    );
    assert.ok(!reader.log.warnings.join().includes("secret"));
  });
}

function endings(broker: NetworkBroker): void {
  test("close while the server is out of reach ends what waits", bounded, async (t) => {
    const url = `${broker.protocol}//127.0.0.1:${await freePort()}`;
    const peer = new Peer(t, broker, { url });
    const waiting = [peer.link.subscribe("news"), peer.publish("hi")];
    await peer.untilCut();
    await peer.link.close();
    for (const each of waiting)
      await assert.rejects(each, { code: "ERR_BROKER", message: /^expected an open link/ });
  });

  test("close lets arrive what was published before", bounded, async (t) => {
    const server = await BrokerServer.start(t, broker.kind);
    const { publisher, reader } = await pair(t, broker, { url: server.url });
    const outcome = outcomeOf(publisher.publish("goodbye"));
    await publisher.link.close();
    assert.equal(outcome.name, "taken");
    await reader.until("goodbye");
  });

  test("close waits no longer than a second for a server that hangs", bounded, async (t) => {
    const server = await BrokerServer.start(t, broker.kind);
    const { publisher } = await pair(t, broker, { url: server.url });
    await server.freeze();
    const outcome = outcomeOf(publisher.publish("lost"));
    await publisher.link.close();
    assert.equal(outcome.name, "refused");
  });

  for (const isThere of [true, false]) {
    test(
      `close leaves nothing that keeps a process, ${isThere ? "connected" : "or not"}`,
      bounded,
      async (t) => {
        const server = await BrokerServer.prepare(broker.kind);
        t.after(() => server.kill());
        if (isThere) await server.start();
        const script = `
        const url = ${JSON.stringify(server.url)};
        const logger = { warn() {} };
        ${broker.code}
        const link = broker.connect({ received() {}, gap() {} });
        const ready = link.subscribe("news").catch(() => undefined);
        if (${isThere}) await Promise.all([ready, link.publish("news", Buffer.from("hi"))]);
        await link.close();
        console.log("closed");
      `;
        const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script]);
        assert.equal(stdout, "closed\n");
      },
    );
  }
}
