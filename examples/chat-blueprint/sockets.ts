/**
 * The sockets of the application. They are in a file of their own, so that every other file can import them; `app.ts`
 * brings them together with the app.
 */
import { Sockets } from "jackfield/express";

export const sockets = new Sockets(undefined, {
  // Whose socket it will be, for `sockets.of()`: that of a session, which ends at the log-out.
  identify: (request) => (request.session.member === undefined ? undefined : request.sessionID),
});
