import { randomUUID } from "node:crypto";
import { after, describe, before } from "node:test";
import { NatsBroker } from "jackfield/nats";
import { BrokerServer } from "../services/broker-server.js";
import { services, skip } from "../services/services.js";
import { brokerContract } from "./broker-contract.js";
import { outageContract, type NetworkBroker } from "./outage-contract.js";

const broker: NetworkBroker = {
  kind: "nats",
  protocol: "nats:",
  code: `
    import { NatsBroker } from "jackfield/nats";
    const broker = new NatsBroker({ url, logger });
  `,
  make: (options) => new NatsBroker(options),
};

describe("NATS", { skip: skip(services.nats) }, () => {
  let server: BrokerServer;
  before(async () => {
    server = await BrokerServer.prepare("nats");
    await server.start();
  });
  after(() => server.kill());

  brokerContract("NATS", (_t, count) => {
    const prefix = `${randomUUID()}.`;
    return Array.from({ length: count }, () => new NatsBroker({ url: server.url, prefix }));
  });

  outageContract(broker);
});
