/** The contract: what every framework does. */
import { answers } from "./rows/answers.js";
import { context } from "./rows/context.js";
import { handlers } from "./rows/handlers.js";
import { beforeSwitching } from "./rows/http.js";
import { messages } from "./rows/messages.js";
import { routes } from "./rows/routes.js";
import type { Row } from "./rows/row.js";

/** In the order of the table of features. */
export const rows: readonly Row[] = [
  ...routes,
  ...beforeSwitching,
  ...answers,
  ...messages,
  ...handlers,
  ...context,
].toSorted((one, other) => placeOf(one).localeCompare(placeOf(other)));

/** F before U, K, W, A and N, and within a letter by number. */
function placeOf({ id }: Row): string {
  return `${"FUKWAN".indexOf(id.charAt(0))}${id.slice(1).padStart(3, "0")}`;
}
