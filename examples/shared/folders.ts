/** Where the pages of the examples are. */
import { fileURLToPath } from "node:url";

/** Found from the package's root, since the compiler leaves pages where they are. */
const examples = new URL("examples/", import.meta.resolve("jackfield/package.json"));

/** What all pages have in common: their looks, and a WebSocket that comes back after a loss. */
export const sharedFolder: string = fileURLToPath(new URL("shared/public/", examples));

/** A folder of an example, such as `clock/public`. */
export function folderOf(path: string): string {
  return fileURLToPath(new URL(`${path}/`, examples));
}
