/**
 * How many connections there may be: in total, where those whose upgrade is under way count too; and per address, where a
 * connection counts as soon as its client's address is known, which only the framework can tell behind a proxy.
 */

export interface ConnectionLimitSettings {
  /** @default no limit */
  readonly maxConnections: number;
  /** @default no limit */
  readonly maxConnectionsPerAddress: number;
}

export class ConnectionLimits {
  #settings: ConnectionLimitSettings;
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  constructor(settings: ConnectionLimitSettings) {
    this.#settings = settings;
  }

  /** Sets limits anew. Who is in already stays. */
  override(settings: Partial<ConnectionLimitSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  get total(): number {
    return this.#total;
  }

  /** Counts a connection in. @returns the HTTP status to refuse it with, if it is one too many */
  enter(): 503 | undefined {
    if (this.#total >= this.#settings.maxConnections) return 503;
    this.#total++;
    return undefined;
  }

  /** Counts one that is in under its client's address, too. @returns the HTTP status to refuse it with */
  enterAs(address: string): 429 | undefined {
    const ofAddress = this.#perAddress.get(address) ?? 0;
    if (ofAddress >= this.#settings.maxConnectionsPerAddress) return 429;
    this.#perAddress.set(address, ofAddress + 1);
    return undefined;
  }

  /** Counts a connection out. @param address - the one that it was counted under, if it was */
  leave(address: string | undefined): void {
    this.#total--;
    if (address === undefined) return;
    const ofAddress = this.#perAddress.get(address) ?? 0;
    if (ofAddress > 1) this.#perAddress.set(address, ofAddress - 1);
    else this.#perAddress.delete(address);
  }
}

/** The place of one connection among all that there may be. */
export class ConnectionPlace {
  #limits: ConnectionLimits | undefined;
  #address: string | undefined;

  /** Takes it, unless that is done already. @returns the HTTP status to refuse the connection with */
  enter(limits: ConnectionLimits): 503 | undefined {
    if (this.#limits !== undefined) return undefined;
    const status = limits.enter();
    if (status === undefined) this.#limits = limits;
    return status;
  }

  /** Counts it under its client's address, too. @returns the HTTP status to refuse the connection with */
  enterAs(address: string): 429 | undefined {
    const status = this.#limits?.enterAs(address);
    if (status === undefined) this.#address = address;
    return status;
  }

  /** Leaves it to a session, which counts the connection out at its end. */
  handOver(): void {
    this.#limits = undefined;
  }

  /** Gives it back, if it is still there. */
  leave(): void {
    this.#limits?.leave(this.#address);
    this.#limits = undefined;
  }
}
