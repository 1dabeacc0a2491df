/** `Sockets` for Fastify as a plugin. */

import type { FastifyInstance, FastifyPluginCallback, FastifyRequest } from "fastify";
import type { SocketsOptions } from "../routing/options.js";
import { Sockets } from "./fastify-sockets.js";

declare module "fastify" {
  interface FastifyInstance {
    /** The sockets of the app, where the plugin of `jackfield/fastify` is registered. */
    readonly sockets: Sockets;
  }
}

/**
 * The same as a plugin: `await app.register(jackfield, options)`. Then `app.sockets` is there, and `instance.sockets` in
 * every plugin registered afterwards adds routes behind that plugin's prefix and hooks.
 */
export const jackfield: FastifyPluginCallback<SocketsOptions<FastifyRequest>> = (app, options, done) => {
  const sockets = new Sockets(app, options);
  app.decorate("sockets", {
    getter(this: FastifyInstance) {
      return sockets.within(this);
    },
  });
  done();
};

// Not encapsulated: the app that registers it has the sockets, as with any plugin made by fastify-plugin.
Object.assign(jackfield, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "jackfield",
  [Symbol.for("plugin-meta")]: { name: "jackfield", fastify: ">=4.17" },
});
