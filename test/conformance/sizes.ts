/** Of messages, in bytes. */

export const KIB = 1_024;
export const MIB = 1_024 * KIB;

/** The largest message that the suite has echoed, and that the server takes. */
export const LARGEST_MESSAGE = 16 * MIB;

/** The largest one on the route `/small`, and on `/compressed-small` when it is inflated. */
export const SMALL_MESSAGE = 1_000;
