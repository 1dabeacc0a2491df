/** An app that runs, as whoever started it sees it. */

export interface Running {
  /** Where it is: `http://127.0.0.1:5000`, or `unix:/run/app.sock`. */
  readonly url: string;
  /**
   * Settles when it has ended, by a signal or by `end`.
   *
   * @throws {RunError} by rejecting, when workers die again and again
   */
  readonly finished: Promise<void>;
  /** Ends it as SIGTERM does: open sockets get 1001, and handlers may finish within the grace period. */
  end(): Promise<void>;
}
