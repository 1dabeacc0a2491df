/** A Fastify app with the blueprint, and the page that uses it. */
import fastify from "fastify";
import type { Broker } from "jackfield";
import jackfield from "jackfield/fastify";
import { pageFiles } from "../shared/page-files.js";
import { pubSub } from "./pub-sub.js";

/** @param broker - carries what is published to the other processes that have it too */
export async function createApp(broker: Broker) {
  const app = fastify();
  await app.register(jackfield, { broker });

  app.sockets.register(pubSub((name) => app.sockets.room(name)));

  for (const [path, { type, body }] of await pageFiles("pub-sub")) {
    app.get(path, (_request, reply) => reply.type(type).send(body));
  }
  return app;
}
