/** Sessions and log-in with the packages that people use. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { express } from "../contract/faces/express.js";
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

test(
  "an identity that is no name is an error before the 101, answered by the framework",
  bounded,
  async (t) => {
    for (const identity of [{}, Promise.resolve("ada"), true]) {
      const identify = (): never => identity as never;
      const { port } = await express.start(t, { sockets: { identify } as object });
      const answer = await upgradeAnswer(port, "/echo");
      assert.equal(answer.status, 500);
      assert.match(answer.body, /option identify: expected a function that returns a string or a number/);
    }
  },
);
