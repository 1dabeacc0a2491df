/** Who watches over a connection. */
export interface ConnectionObserver {
  /** The transport is gone too: nothing of the connection is left. */
  released(): void;
  /** After sends had to wait, the peer has caught up. */
  drained(): void;
  /** The application misused the socket in a way that a promise tells, which perhaps nobody looks at. */
  misused(error: Error): void;
}
