/** A place with message handlers of its own. */

import { InvalidOptionError } from "../errors.js";
import { MessageDispatch } from "./message-dispatch.js";
import { MessageHandlers } from "./message-handlers.js";
import type { Route } from "./route.js";

/** What can be set for the handlers of messages. */
export interface EndpointOptions {
  /** Whether a message is for the first handler only that it matches. @default false */
  readonly matchOne?: boolean | undefined;
}

/** Message handlers for one path; of a blueprint, for the path wherever it is mounted. */
export class Endpoint<Params, Request> extends MessageHandlers<Params, Request> {
  readonly #dispatch: MessageDispatch;

  /** Made by `endpoint` of a blueprint. */
  constructor(dispatch: MessageDispatch) {
    super();
    this.#dispatch = dispatch;
  }

  protected override get messages(): MessageDispatch {
    return this.#dispatch;
  }
}

/** Message handlers for one path of an app. */
export class RoutedEndpoint<Params, Request> extends Endpoint<Params, Request> {
  /** The route, to send to its sockets and to build its URLs. */
  readonly route: Route<Params, Request>;

  /** Made by `endpoint` of `Sockets`. */
  constructor(dispatch: MessageDispatch, route: Route<Params, Request>) {
    super(dispatch);
    this.route = route;
  }
}

/** The name of the endpoint that an app or a blueprint has for itself. */
export const OWN_ENDPOINT = "websocket";

/**
 * Tells the options of an endpoint's route from its own.
 *
 * @param fallback - what holds where `matchOne` is not given
 * @throws {InvalidOptionError}
 */
export function planEndpoint<Options extends object>(
  path: string,
  options: Options & EndpointOptions & { readonly name?: string },
  fallback = false,
): { readonly dispatch: MessageDispatch; readonly routeOptions: Options } {
  checkMatchOne(options);
  const { matchOne = fallback, ...routeOptions } = options;
  const dispatch = new MessageDispatch(options.name ?? path, matchOne);
  return { dispatch, routeOptions: routeOptions as unknown as Options };
}

/** @throws {InvalidOptionError} */
export function checkMatchOne({ matchOne }: EndpointOptions): void {
  if (matchOne !== undefined && typeof matchOne !== "boolean")
    throw new InvalidOptionError("matchOne", "true or false", matchOne);
}
