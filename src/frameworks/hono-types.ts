/** The types of Hono, as far as routes need them. */

import type { Context, Env, Hono } from "hono";
import type { ParamKeyToRecord, ParamKeys } from "hono/types";
import type { Framework } from "../routing/framework.js";
import type { RouteOptions } from "../routing/options.js";

type UnionToIntersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

type Merged<Record> = { readonly [Name in keyof Record]: Record[Name] };

/** The variables of a path, as `c.req.param()` has them. */
export type HonoParams<Path extends string> = string extends Path
  ? Readonly<Record<string, string>>
  : Merged<UnionToIntersection<ParamKeyToRecord<ParamKeys<Path>>>>;

/** The types of Hono. `E` is that of the app: its bindings and variables. */
export interface HonoFramework<E extends Env> extends Framework {
  readonly params: HonoParams<this["path"]>;
  readonly request: Context<E>;
  readonly options: RouteOptions<Context<E>>;
}

/** As much of a Hono app as all of them have, whatever its routes so far. */
export type HonoApp<E extends Env> = Pick<Hono<E>, "fetch" | "router" | "onError" | "getPath">;
