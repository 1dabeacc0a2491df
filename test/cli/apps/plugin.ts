/** A Fastify app whose sockets only a plugin of it has, and which is made by a function. */
import fastify from "fastify";
import { Sockets } from "jackfield/fastify";

export function makeApp() {
  const app = fastify();
  app.register(
    (instance, _options, done) => {
      new Sockets(instance).route("/echo", async (ws) => {
        for await (const message of ws) await ws.send(message);
      });
      done();
    },
    { prefix: "/inner" },
  );
  return Promise.resolve(app);
}
