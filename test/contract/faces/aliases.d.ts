/** Older versions under other names; close enough to the newer ones for what the tests do with them. */
declare module "koa2" {
  export { default } from "koa";
}
declare module "fastify4" {
  export { default } from "fastify";
}
declare module "fastify4-cookie" {
  export { default } from "@fastify/cookie";
}
declare module "fastify4-session" {
  export { default } from "@fastify/session";
}
