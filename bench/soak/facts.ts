/** What is known of the two processes at one moment, and what the command asks them. */

/** What the command may ask for. */
export type Question =
  /** How is it now? */
  | "facts"
  /** Of the load: begin. */
  | "start"
  /** Of the load: begin nothing more; the answer comes when all has ended. */
  | "stop";

/** The server's own view of itself. Sizes are in bytes, after a garbage collection. */
export interface ServerFacts {
  readonly rss: number;
  readonly heapUsed: number;
  /** Memory outside of the heap that objects in it hold: buffers and what belongs to zlib. */
  readonly external: number;
  readonly arrayBuffers: number;
  /** Open file descriptors; 0 where the system doesn't tell. */
  readonly descriptors: number;
  readonly timers: number;
  /** Handles and requests other than timers. */
  readonly handles: number;
  /** WebSockets that are open. */
  readonly sockets: number;
  /** The 99th percentile of the event loop's delay since the last question, in milliseconds. */
  readonly delay: number;
  /** Errors and warnings that were logged, though nobody has caused them on purpose. */
  readonly faults: number;
  /** User and system CPU time, in milliseconds. */
  readonly cpu: number;
}

/** What the clients have done and seen so far. */
export interface LoadFacts {
  /** Messages that came. */
  readonly messages: number;
  /** Visits, each of which is at least one connection. */
  readonly visits: number;
  /** How often each error was seen that no visitor expects. */
  readonly errors: Readonly<Record<string, number>>;
  /** User and system CPU time, in milliseconds. */
  readonly cpu: number;
}

/** Both, and when. */
export interface Sample {
  /** Milliseconds since the load began. */
  readonly at: number;
  readonly server: ServerFacts;
  readonly load: LoadFacts;
}

/** CPU time of this process until now, in milliseconds. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
