/** Speaks to the sockets of an app from outside: from a program that has none of its own. */

import type { Sendable } from "../connection/prepared-message.js";
import { InvalidOptionError } from "../errors.js";
import { Audience, type AudienceSendOptions, type Member } from "../rooms/audience.js";
import type { Broker } from "../rooms/broker.js";
import type { Parcel } from "../rooms/parcel.js";
import { Relay } from "../rooms/relay.js";
import type { Room } from "../rooms/room.js";
import { Rooms } from "../rooms/rooms.js";
import { ALL, routeChannel } from "./channels.js";
import { Identities, type Identity, type IdentityAudience } from "./identities.js";
import { NarrowedRoute } from "./narrowed-route.js";
import { isBroker } from "./option-checks.js";
import type { AnyParams } from "./path-params.js";

const NOBODY: readonly Member[] = [];

/** Sockets, all of which are those of other processes. */
class RemoteAudience extends Audience {
  readonly #relay: Relay;
  readonly #channel: string;

  constructor(relay: Relay, channel: string) {
    super();
    this.#relay = relay;
    this.#channel = channel;
  }

  protected override members(): Iterable<Member> {
    return NOBODY;
  }

  protected override share(parcel: Parcel): Promise<void> {
    return this.#relay.publish(this.#channel, parcel);
  }

  protected override countElsewhere(params?: Parcel["params"]): Promise<number> {
    return this.#relay.countElsewhere(this.#channel, params);
  }
}

/** The sockets of a route, all of which are those of other processes. */
export class RemoteRoute extends RemoteAudience {
  /** The name of the route: its path, if it was given no other. */
  readonly name: string;

  /** Made by `publisher.route`. */
  constructor(name: string, relay: Relay) {
    super(relay, routeChannel(name));
    this.name = name;
  }

  /** Those whose variables of the path have these values: `publisher.route("/rooms/:id").to({ id: "7" }).send("hi")`. */
  to(params: Partial<AnyParams>): Audience {
    const { preparer } = this;
    const share = (parcel: Parcel): Promise<void> => this.share(parcel);
    const countElsewhere = (wanted: Parcel["params"]): Promise<number> => this.countElsewhere(wanted);
    return new NarrowedRoute({ members: NOBODY, preparer, share, countElsewhere }, params);
  }
}

/**
 * Speaks to the sockets of an app over its broker, as a task of cron or the worker of a queue does: it serves nothing.
 *
 *     const publisher = new Publisher(new RedisBroker("redis://127.0.0.1"));
 *     await publisher.room("lobby").send("We are open.");
 *     await publisher.of("ann").close(); // logs her out
 *     await publisher.close();
 *
 * What is sent settles when the broker has taken it. While the broker cannot be reached, it waits; `close` ends that, and
 * has what waits reject with a `BrokerError`.
 */
export class Publisher {
  readonly #relay: Relay;
  readonly #rooms: Rooms;
  readonly #identities: Identities;
  readonly #all: RemoteAudience;

  /**
   * Connects.
   *
   * @param broker - for the same server, and with the same prefix, as that of the app
   * @throws {InvalidOptionError} if it is none
   */
  constructor(broker: Broker) {
    if (!isBroker(broker))
      throw new InvalidOptionError("broker", "an object with the method connect", broker);
    this.#relay = new Relay({ broker });
    this.#rooms = new Rooms(this.#relay);
    this.#identities = new Identities(0, this.#relay);
    this.#all = new RemoteAudience(this.#relay, ALL);
  }

  /** The sockets that have joined a room. @throws {InvalidRoomError} if the name is none */
  room(name: string): Room {
    return this.#rooms.room(name);
  }

  /** The sockets of one session or user. @throws {InvalidOptionError} if it is neither a string nor a number */
  of(identity: Identity): IdentityAudience {
    return this.#identities.of(identity);
  }

  /** @param name - of the route: its path, if it was given no other. If there is none of that name, nobody hears it */
  route(name: string): RemoteRoute {
    return new RemoteRoute(name, this.#relay);
  }

  /** All sockets. */
  get all(): Audience {
    return this.#all;
  }

  /** Sends a message to all sockets. See {@link Audience.send}. */
  broadcast(message: Sendable, options?: AudienceSendOptions): Promise<void> {
    return this.#all.send(message, options);
  }

  /** Leaves the broker. What is on its way may arrive, for a second at most; what waits is given up. */
  async close(): Promise<void> {
    await this.#relay.close();
  }
}
