/** The session that a framework's middleware made. */

/** Where frameworks keep sessions: on the request, or among the variables of its context. */
interface MaybeWithSession {
  readonly session?: unknown;
  readonly var?: { readonly session?: unknown };
}

/** The type of a request's session, where the framework's types know one. */
export type SessionOf<Request> = Request extends { session: infer Session }
  ? Session
  : Request extends { var: { session: infer Session } }
    ? Session
    : Request extends { session?: infer Session }
      ? Session
      : unknown;

/** The session of a request, if there is one. */
export function sessionOf<Request>(request: Request): SessionOf<Request> {
  const { session, var: variables } = (request ?? {}) as MaybeWithSession;
  return (session ?? variables?.session) as SessionOf<Request>;
}
