/** The routes of an app, as lines for people. */

import type { CarriedSockets } from "../node/carried-sockets.js";
import type { AnyRoute } from "../routing/route.js";

/** What stands in the place of a path that isn't known. */
const UNKNOWN_PATH = "(in the app's router)";

/** A line for each route: its path, its name where that is another, and its subprotocols. */
export function routeLines(sockets: readonly CarriedSockets[]): readonly string[] {
  const routes = sockets.flatMap((each) => [...each.routes]);
  const width = Math.max(0, ...routes.map((route) => pathOf(route).length));
  return routes.map((route) => {
    const { name, settings } = route;
    const { subprotocols } = settings;
    const spoken = Array.isArray(subprotocols) ? subprotocols : [];
    const facts = [...(name === route.path ? [] : [name]), ...spoken.map((each) => `speaks ${each}`)];
    return `${pathOf(route).padEnd(width)}  ${facts.join(", ")}`.trimEnd();
  });
}

function pathOf({ path }: AnyRoute): string {
  return path ?? UNKNOWN_PATH;
}
