/** How long a Fastify app that closes waits for its sockets. */

import type { FastifyInstance } from "fastify";
import { DEFAULT_GRACE } from "../routing/open-sockets.js";

/** In milliseconds. Fastify gives up, and fails, at its timeout for plugins. */
export function graceOf({ initialConfig: { pluginTimeout = 0 } }: FastifyInstance): number {
  return pluginTimeout > 0 ? Math.min(DEFAULT_GRACE, 0.8 * pluginTimeout) : DEFAULT_GRACE;
}
