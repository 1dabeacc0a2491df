import { randomUUID } from "node:crypto";
import { after, describe, before } from "node:test";
import { RedisBroker } from "jackfield/redis";
import { BrokerServer } from "../services/broker-server.js";
import { services, skip } from "../services/services.js";
import { brokerContract } from "./broker-contract.js";
import { outageContract, type NetworkBroker } from "./outage-contract.js";

const broker: NetworkBroker = {
  kind: "redis",
  protocol: "redis:",
  code: `
    import { RedisBroker } from "jackfield/redis";
    const broker = new RedisBroker({ url, logger });
  `,
  make: (options) => new RedisBroker(options),
};

describe("Redis", { skip: skip(services.redis) }, () => {
  let server: BrokerServer;
  before(async () => {
    server = await BrokerServer.prepare("redis");
    await server.start();
  });
  after(() => server.kill());

  for (const sharded of [true, false]) {
    brokerContract(`Redis, ${sharded ? "sharded" : "plain"}`, (_t, count) => {
      const prefix = `${randomUUID()}:`;
      return Array.from({ length: count }, () => new RedisBroker({ url: server.url, prefix, sharded }));
    });
  }

  outageContract(broker);
});
