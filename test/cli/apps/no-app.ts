/** Exports no app. */
export const config = { port: 1 };
