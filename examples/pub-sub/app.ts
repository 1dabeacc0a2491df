/** A Fastify app with the blueprint, and the page that uses it. */
import fastify from "fastify";
import type { SocketsOptions } from "jackfield";
import jackfield from "jackfield/fastify";
import { pageFiles } from "../shared/page-files.js";
import { pubSub } from "./pub-sub.js";

/** @param options - such as a broker; `jackfield run --broker` gives one, too */
export async function createApp(options: Pick<SocketsOptions, "broker"> = {}) {
  const app = fastify();
  await app.register(jackfield, options);

  app.sockets.register(pubSub((name) => app.sockets.room(name)));

  for (const [path, { type, body }] of await pageFiles("pub-sub")) {
    app.get(path, (_request, reply) => reply.type(type).send(body));
  }
  return app;
}
