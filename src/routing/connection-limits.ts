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
