/** What the contract knows of a framework: how its site is built, in the framework's own way. */
import type { Server } from "node:http";
import type { TestContext } from "node:test";
import type {
  Blueprint,
  CloseInfo,
  EndpointOptions,
  Handler,
  Identity,
  IdentityAudience,
  RegisterOptions,
  Message,
  Reply,
  Room,
  Route,
  RouteOptions,
  Sendable,
  Socket,
  SocketsOptions,
  AudienceSendOptions,
  DrainOptions,
} from "jackfield";
import type { Log } from "../frameworks/clients.js";

/** What all endpoints have. */
export interface AnyEndpoint {
  onOpen(handler: () => Reply): void;
  onClose(handler: (ws: Socket<unknown>, info: CloseInfo) => unknown): void;
  onMessage(handler: (message: Message) => Reply): void;
  onMessage(pattern: string | RegExp, handler: (message: string, match: RegExpExecArray) => Reply): void;
  on(event: string, handler: (data: unknown) => unknown): void;
}

/** What all `Sockets` have, whatever their framework. */
export interface AnySockets extends AnyEndpoint {
  readonly size: number;
  route(path: string, handler: Handler<never, never>, options?: RouteOptions<never>): Route<unknown>;
  register(blueprint: Blueprint, options?: RegisterOptions): unknown;
  endpoint(path: string, options?: RouteOptions<never> & EndpointOptions): AnyEndpoint;
  room(name: string): Room;
  of(identity: Identity): IdentityAudience;
  broadcast(message: Sendable, options?: AudienceSendOptions): Promise<void>;
  attach(server: Server): unknown;
  listen(port: number, host?: string): Promise<Server>;
  close(options?: DrainOptions): Promise<void>;
}

/** How a site is to be built. */
export interface SiteOptions {
  /** Options of its `Sockets`, besides those that every site has. */
  readonly sockets?: Omit<SocketsOptions<never>, "identify">;
  /** Whether it is served over TLS. */
  readonly isSecure?: boolean;
  /** Whether proxies are trusted, in the framework's own terms. */
  readonly trustsProxy?: boolean;
  /** Whether the routes are added before the sockets know the app. */
  readonly isEarly?: boolean;
  /** Whether the sockets make the server, instead of the framework. */
  readonly socketsListen?: boolean;
}

/** A site that listens at 127.0.0.1, and is gone at the end of the test. */
export interface Site {
  readonly port: number;
  readonly server: Server;
  readonly sockets: AnySockets;
  readonly log: Log;
}

/** What handlers do with the framework's own request. */
export interface RequestAccess {
  /** Who is logged in, by the framework's own session. */
  readonly userOf: (request: never) => string | undefined;
  /** Counts a visit, and saves the session. */
  readonly visit: (request: never) => Promise<void> | void;
  /** The target of the request, as the framework tells it. */
  readonly urlOf: (request: never) => string;
}

/** A path as not every framework writes it. */
export interface OwnPath {
  readonly path: string;
  /** A path that leads there, */
  readonly example: string;
  /** and the variables that its handler gets. */
  readonly params: object;
  /** A path that doesn't. */
  readonly elsewhere: string;
}

export interface Face {
  /** The framework and its version. */
  readonly name: string;
  readonly ownPath: OwnPath;
  readonly start: (t: TestContext, options?: SiteOptions) => Promise<Site>;
  /** Where it does something in its own way, by the ids of the rows. */
  readonly notes?: Readonly<Record<string, string>>;
}
