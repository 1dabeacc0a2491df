/** How many connections there may be, in total and per address. Those whose upgrade is under way count too. */

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
  enter(address: string): 429 | 503 | undefined {
    const ofAddress = this.#perAddress.get(address) ?? 0;
    if (this.#total >= this.#settings.maxConnections) return 503;
    if (ofAddress >= this.#settings.maxConnectionsPerAddress) return 429;
    this.#total++;
    this.#perAddress.set(address, ofAddress + 1);
    return undefined;
  }

  /** Counts a connection out that was counted in. */
  leave(address: string): void {
    const ofAddress = this.#perAddress.get(address) ?? 0;
    this.#total--;
    if (ofAddress > 1) this.#perAddress.set(address, ofAddress - 1);
    else this.#perAddress.delete(address);
  }
}
