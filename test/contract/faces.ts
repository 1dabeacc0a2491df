/** Every framework and version that the contract is run against. */
import type { Face } from "./face.js";
import { express, expressBefore } from "./faces/express.js";
import { fastify, fastifyBefore } from "./faces/fastify.js";
import { hono } from "./faces/hono.js";
import { http } from "./faces/http.js";
import { koa, koaBefore } from "./faces/koa.js";

export const faces: readonly Face[] = [
  express,
  expressBefore,
  fastify,
  fastifyBefore,
  koa,
  koaBefore,
  hono,
  http,
];
