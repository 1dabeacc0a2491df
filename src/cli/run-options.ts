/** The options of `jackfield run` and of `run()`: what they mean, and what holds without them. */

/** How an app is run. The command has them as `--host`, `--max-connections` and so on. */
export interface RunOptions {
  /** The address to listen at: `0.0.0.0` or `::` for all of the machine's. @default "127.0.0.1" */
  readonly host?: string;
  /** From 0, for any that is free, to 65535. @default 5000 */
  readonly port?: number;
  /** The path of a Unix socket to listen at instead of a host and a port. @default none */
  readonly unix?: string;
  /** The file of the certificate in PEM, with those that lead to its authority, for HTTPS. @default none */
  readonly cert?: string;
  /** The file of the certificate's key in PEM. @default none */
  readonly key?: string;
  /** How many sockets may be open in each process. It holds above the option of the app. @default that of the app */
  readonly maxConnections?: number;
  /** How long handlers and requests may take to finish when a process ends, in milliseconds. @default 10000 */
  readonly grace?: number;
  /**
   * Whether the message of an error in a handler is told to the client, and the log has what goes over each connection, but
   * not what is in messages. Not for production. @default that of the app, without the log
   */
  readonly debug?: boolean;
  /** Whether the debugger of Node is opened in each process that serves, at 127.0.0.1. @default false */
  readonly inspect?: boolean;
  /** Where; further workers have the ports that follow. From 1 to 65535. @default 9229 */
  readonly inspectPort?: number;
  /** Whether each HTTP request and each socket is logged. @default false */
  readonly accessLog?: boolean;
  /**
   * The URL of the broker that carries what is sent to rooms, routes, identities and all to other processes: of Redis
   * (`redis:`, `rediss:`) or NATS (`nats:`, `tls:`). It holds above the option of the app.
   *
   * @default that of the app; without one, workers reach each other
   */
  readonly broker?: string;
  /** A file that holds the id of the main process while it runs. @default none */
  readonly pidFile?: string;
  /**
   * Whether the app is loaded anew when a file of the project changes, for development. There is one worker, at least.
   *
   * @default false
   */
  readonly reload?: boolean;
  /**
   * The extensions of the files that are watched for that, with commas between them: `"js,json,ejs"`.
   *
   * @default those of programs, data, templates and styles
   */
  readonly reloadExtensions?: string;
  /**
   * How many processes serve the app, supervised by one that doesn't; `"auto"` is one for each processor.
   *
   * @default none: this process serves the app, and nobody supervises it
   */
  readonly workers?: number | "auto";
}

/** Where an app listens. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** Files for HTTPS. */
export interface SecureFiles {
  readonly cert: string;
  readonly key: string;
}

/** The options, complete. What a worker process needs of them, goes to it as JSON. */
export interface RunSettings {
  readonly address: ListenAddress;
  readonly secure: SecureFiles | undefined;
  readonly maxConnections: number | undefined;
  readonly grace: number;
  readonly debug: boolean | undefined;
  /** `undefined` where there is no debugger. */
  readonly inspectPort: number | undefined;
  readonly accessLog: boolean;
  readonly broker: string | undefined;
  readonly pidFile: string | undefined;
  readonly reload: boolean;
  readonly reloadExtensions: string | undefined;
  /** `undefined` where nobody supervises. */
  readonly workers: number | undefined;
}
