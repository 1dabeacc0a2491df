import assert from "node:assert/strict";
import { test } from "node:test";
import type { Face } from "../contract/face.js";
import { express } from "../contract/faces/express.js";
import { fastify } from "../contract/faces/fastify.js";
import { hono } from "../contract/faces/hono.js";
import { koa } from "../contract/faces/koa.js";
import { bounded, upgradeAnswer } from "../frameworks/clients.js";
import { site as cookieSession } from "./sites/cookie-session.js";
import { site as koaCookie } from "./sites/koa-cookie.js";
import { site as passport } from "./sites/passport.js";
import { site as secureSession } from "./sites/secure-session.js";
import { sessionSuite, type SessionSite } from "./suite.js";

/** The site of the contract, with its framework's session package. */
function ofContract(name: string, face: Face): SessionSite {
  return {
    name,
    keeps: "what session.save() stores",
    start: async (t, options = {}) => face.start(t, { sockets: options }),
  };
}

const sites = [
  ofContract("express-session", express),
  cookieSession,
  passport,
  ofContract("@fastify/session", fastify),
  secureSession,
  ofContract("koa-session with a store", koa),
  koaCookie,
  ofContract("hono-sessions", hono),
];
for (const site of sites) sessionSuite(site);

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
