/** Sessions and log-in with the packages that people use. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { express } from "../contract/faces/express.js";
import { fastify } from "../contract/faces/fastify.js";
import { hono } from "../contract/faces/hono.js";
import { koa } from "../contract/faces/koa.js";
import { bounded, upgradeAnswer } from "../frameworks/clients.js";
import { cookieSessions } from "./sites/cookie-session.js";
import { expressSession } from "./sites/express-session.js";
import { fastifySession } from "./sites/fastify-session.js";
import { honoSessionsCookie, honoSessionsStored } from "./sites/hono-sessions.js";
import { koaSessionCookie, koaSessionStored } from "./sites/koa-session.js";
import { passportSessions } from "./sites/passport.js";
import { fastifySecureSession } from "./sites/secure-session.js";
import { suite } from "./suite.js";

const packages = [
  expressSession,
  cookieSessions,
  passportSessions,
  fastifySession,
  fastifySecureSession,
  koaSessionStored,
  koaSessionCookie,
  honoSessionsStored,
  honoSessionsCookie,
];
for (const sessions of packages) suite(sessions);

/** What the option `identify` may give, and the status that it then gets. */
const identities: readonly (readonly [unknown, number])[] = [
  ["ada", 101],
  ["__proto__", 101],
  [7, 101],
  [undefined, 101],
  [{}, 500],
  [true, 500],
  [Promise.resolve("ada"), 500],
];

describe("an identity that is no name is an error before the 101, answered by the framework", () => {
  for (const face of [express, fastify, koa, hono]) {
    test(face.name, bounded, async (t) => {
      for (const [identity, status] of identities) {
        const identify = (): never => identity as never;
        const { port } = await face.start(t, { sockets: { identify } as object });
        assert.equal((await upgradeAnswer(port, "/echo")).status, status);
      }
    });
  }
});
