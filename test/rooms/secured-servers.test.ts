/** Brokers whose servers want TLS and a password. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Broker } from "jackfield";
import { NatsBroker } from "jackfield/nats";
import { RedisBroker } from "jackfield/redis";
import { Command } from "../cli/command.js";
import { Log, bounded, until } from "../frameworks/clients.js";
import { cert as ca } from "../node/certificate.js";
import { BrokerServer, type BrokerKind } from "../services/broker-server.js";
import { folderWith } from "../services/folder-with.js";
import { services, skip } from "../services/services.js";
import { Listener } from "./listener.js";

interface Options {
  readonly url: string;
  readonly logger: Log;
}

/** What knows the certificate of the server, and what doesn't. */
const brokers: Record<BrokerKind, readonly [trusting: Make, wary: Make]> = {
  redis: [
    (options) => new RedisBroker({ ...options, client: { socket: { tls: true, ca } } }),
    (options) => new RedisBroker(options),
  ],
  nats: [
    (options) => new NatsBroker({ ...options, client: { tls: { ca } } }),
    (options) => new NatsBroker(options),
  ],
};

type Make = (options: Options) => Broker;

for (const kind of ["redis", "nats"] as const) {
  const [trusting, wary] = brokers[kind];
  describe(`a server of ${kind} with TLS and a password`, { skip: skip(services[kind]) }, () => {
    test("is reached by brokers that trust its certificate, also after it was away", bounded, async (t) => {
      const server = await BrokerServer.startSecured(t, kind);
      const logger = new Log();
      const make = (): Broker => trusting({ url: server.url, logger });
      const [sender, receiver] = [new Listener(t, make()), new Listener(t, make())];
      await receiver.link.subscribe("news");
      await sender.link.publish("news", Buffer.from("before"));
      await receiver.until("before");
      await server.restart();
      await receiver.untilGaps(1);
      await sender.link.publish("news", Buffer.from("after"));
      await receiver.until("after");
      assert.doesNotMatch(logger.warnings.join(), /cret/);
    });

    test("is reached by `--broker` where the environment trusts its certificate", bounded, async (t) => {
      const { url } = await BrokerServer.startSecured(t, kind);
      const receiver = new Listener(t, trusting({ url, logger: new Log() }));
      await receiver.link.subscribe("room:lobby");
      const env = { NODE_EXTRA_CA_CERTS: join(await folderWith(t, { ca }), "ca") };
      const command = new Command(t, ["publish", "--broker", url, "--room", "lobby", "hi"], { env });
      assert.equal((await command.ended).code, 0, command.errors);
      await receiver.untilCount(1);
    });

    const strangers: readonly (readonly [what: string, make: Make, urlOf: (url: string) => string])[] = [
      ["doesn't trust its certificate", wary, (url) => url],
      ["has another password", trusting, (url) => url.replace("se%2Fcret", "se%2Fcretary")],
      ["speaks no TLS", wary, (url) => url.replace(/^\w+:/, `${kind}:`)],
    ];
    for (const [what, make, urlOf] of strangers) {
      test(`doesn't let in a broker that ${what}, which warns and waits`, bounded, async (t) => {
        const server = await BrokerServer.startSecured(t, kind);
        const logger = new Log();
        const { link } = new Listener(t, make({ url: urlOf(server.url), logger }));
        const waiting = link.subscribe("news");
        await until(() => logger.warnings.length > 0);
        assert.match(logger.warnings.join(), /^jackfield: \w+ at 127[^ ]+ cannot be reached, /);
        assert.doesNotMatch(logger.warnings.join(), /cret/);
        await link.close();
        await assert.rejects(waiting, { code: "ERR_BROKER" });
      });
    }
  });
}
