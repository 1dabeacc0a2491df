/** The types of `node:http`, as far as routes need them. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Framework } from "../routing/framework.js";
import type { RouteOptions } from "../routing/options.js";
import type { PathParams } from "../routing/path-params.js";

/** The types of `node:http`. */
export interface HttpFramework extends Framework {
  readonly params: PathParams<this["path"]>;
  readonly request: IncomingMessage;
  readonly options: RouteOptions<IncomingMessage>;
}

/** A request listener that makes a socket of an upgrade, to be called from one's own routing. */
export type UpgradeRequestListener = (request: IncomingMessage, response: ServerResponse) => void;
