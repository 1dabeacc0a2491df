/** Jackfield for Fastify 5 and 4. */

export { jackfield as default } from "./fastify-plugin.js";
export { Blueprint } from "./fastify-blueprint.js";
export { Sockets } from "./fastify-sockets.js";
export type { FastifyApp, FastifyFramework, FastifyParams, FastifyRouteOptions } from "./fastify-types.js";
