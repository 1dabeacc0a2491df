/** The contract: what every framework does. */
import { context } from "./rows/context.js";
import { beforeSwitching } from "./rows/http.js";
import { messages } from "./rows/messages.js";
import { routes } from "./rows/routes.js";
import type { Row } from "./rows/row.js";

/** In the order of the table of features. */
export const rows: readonly Row[] = [...routes, ...beforeSwitching, ...messages, ...context].toSorted(
  (one, other) => placeOf(one).localeCompare(placeOf(other)),
);

/** F before U, K, W and N, and within a letter by number. */
function placeOf({ id }: Row): string {
  return `${"FUKWN".indexOf(id.charAt(0))}${id.slice(1).padStart(3, "0")}`;
}
