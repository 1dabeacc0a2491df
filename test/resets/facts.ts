/** What a server process says of itself: nothing of it may grow by connections that were reset. */

export interface ResetFacts {
  /** Connections that are counted in, and sockets that are open. */
  readonly counted: number;
  readonly sockets: number;
  /** Connections that Node knows of. */
  readonly connections: number;
  /** Listeners of the servers, by their events. */
  readonly listeners: Readonly<Record<string, number>>;
  /** Open file descriptors; 0 where the system doesn't say. */
  readonly descriptors: number;
  /** Deadlines on the timer wheel. */
  readonly deadlines: number;
}

/** Where the server listens. */
export interface Ports {
  readonly tcp: number;
  readonly tls: number;
}

/** What a server process is asked. Unfinished requests are no upgrades: Node waits for their rest for up to a minute. */
export type Question = "facts" | "facts without unfinished requests";
