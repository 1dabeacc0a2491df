/** A store in which sessions are text, as they are in a database. */

export class JsonStore {
  readonly #sessions = new Map<string, string>();

  read(id: string): Record<string, unknown> | undefined {
    const text = this.#sessions.get(id);
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }

  write(id: string, session: object): void {
    this.#sessions.set(id, JSON.stringify(session));
  }

  delete(id: string): void {
    this.#sessions.delete(id);
  }
}
