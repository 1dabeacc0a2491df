/** `Blueprint` for Fastify. */

import { Blueprint as BlueprintOf } from "../routing/blueprint.js";
import type { FastifyFramework } from "./fastify-types.js";

/** Routes to be mounted by `sockets.register`. */
export class Blueprint extends BlueprintOf<FastifyFramework> {}
