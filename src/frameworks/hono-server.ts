/** The server of a Hono app on Node, of a package that is loaded only when it is needed. */

import type { Server } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { Env } from "hono";
import { secureServerOptions, serverOptions } from "../node/node-sockets.js";
import type { HonoApp } from "./hono-types.js";

/** @param secure - the certificate and its key, for HTTPS */
export async function honoServer<E extends Env>(
  { fetch }: Pick<HonoApp<E>, "fetch">,
  secure?: ServerOptions,
): Promise<Server> {
  const { createAdaptorServer } = await import("@hono/node-server");
  const options =
    secure === undefined
      ? { serverOptions }
      : { createServer: createSecureServer, serverOptions: { ...secureServerOptions, ...secure } };
  return createAdaptorServer({ fetch, ...options }) as Server;
}
