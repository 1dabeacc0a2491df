/** What the types of a framework are, in one place: everything that is generic over frameworks takes this. */

import type { RouteOptions } from "./options.js";
import type { PathParams } from "./path-params.js";

/**
 * The types of a framework. It is a function of types: given a path, `params` are its variables. An adapter extends it
 * and reads `this["path"]`; {@link ParamsIn} fills the path in.
 */
export interface Framework {
  /** The path of a route. */
  readonly path: string;
  /** The variables of the path. */
  readonly params: unknown;
  /** The framework's own request. */
  readonly request: unknown;
  /** What a route can be given, in the framework's own terms too. */
  readonly options: RouteOptions<never>;
}

/** The variables of a path in the syntax of a framework. */
export type ParamsIn<Types extends Framework, Path extends string> = (Types & {
  readonly path: Path;
})["params"];

/** What holds for every framework: simple paths, and a request of which nothing is known. */
export interface AnyFramework extends Framework {
  readonly params: PathParams<this["path"]>;
  readonly request: unknown;
  readonly options: RouteOptions;
}
