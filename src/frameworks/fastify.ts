/** Jackfield for Fastify 5 and 4. */

export { jackfield as default } from "./fastify-plugin.js";
export { Blueprint, Sockets } from "./fastify-sockets.js";
export type { FastifyApp, FastifyFramework, FastifyParams, FastifyRouteOptions } from "./fastify-types.js";
