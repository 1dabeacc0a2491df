/** What the `Sockets` of frameworks whose apps are objects have in common: the app may come later. */

import { InvalidOptionError, InvalidRouteError } from "../errors.js";
import type { Framework } from "../routing/framework.js";
import type { SocketsOptions } from "../routing/options.js";
import { carry } from "./carried-sockets.js";
import { NodeSockets } from "./node-sockets.js";

/** How an app is known. */
interface AppKind {
  /** What it is called in errors. */
  readonly name: string;
  /** Methods that it has. */
  readonly methods: readonly string[];
}

export abstract class AppSockets<Types extends Framework, App extends object> extends NodeSockets<Types> {
  readonly #kind: AppKind;
  #app: App | undefined;

  constructor(kind: AppKind, options: SocketsOptions<Types["request"]>, sharing?: AppSockets<Types, App>) {
    super(options, sharing);
    this.#kind = kind;
  }

  /** Has the app carry the sockets along. @internal */
  protected abstract adopt(app: App): void;

  /**
   * Attaches to an app, later than at construction. Routes that were added before come now, in their order.
   *
   * @throws {InvalidOptionError} if it is none
   */
  init(app: App): this {
    const { name, methods } = this.#kind;
    if (!methods.every((method) => typeof (app as Record<string, unknown> | null)?.[method] === "function"))
      throw new InvalidOptionError("app", name, app);
    this.#app = app;
    carry(app, this);
    this.adopt(app);
    this.mountEarly();
    return this;
  }

  /** @internal */
  protected get hasApp(): boolean {
    return this.#app !== undefined;
  }

  /** @throws {InvalidRouteError} if there is none yet @internal */
  protected get app(): App {
    if (this.#app !== undefined) return this.#app;
    throw new InvalidRouteError(`expected ${this.#kind.name}, but there is none yet; call sockets.init(app)`);
  }
}
