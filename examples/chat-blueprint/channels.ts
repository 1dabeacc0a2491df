/** The channels: who is there, and what was said last. */
import type { Room, Socket } from "jackfield";
import type { Member } from "./session.js";
import { sockets } from "./sockets.js";

/** What the page gets to hear. */
export type News =
  | { readonly type: "said"; readonly name: string; readonly text: string; readonly at: number }
  | { readonly type: "people"; readonly names: readonly string[] };

const maxBacklog = 50;

/** The application's own close code (RFC 6455 §7.4.2) for those who were kicked. */
export const KICKED = 4403;

export class Channel {
  readonly #room: Room;
  readonly #people = new Map<Socket, Member>();
  readonly #backlog: News[] = [];

  constructor(name: string) {
    this.#room = sockets.room(name);
  }

  enter(ws: Socket, member: Member): void {
    void ws.join(this.#room);
    this.#people.set(ws, member);
    for (const news of this.#backlog) void ws.sendJson(news);
    this.#tellPeople();
  }

  leave(ws: Socket): void {
    ws.leave(this.#room);
    if (this.#people.delete(ws)) this.#tellPeople();
  }

  say({ name }: Member, text: string): void {
    const news: News = { type: "said", name, text, at: Date.now() };
    this.#backlog.push(news);
    if (this.#backlog.length > maxBacklog) this.#backlog.shift();
    this.#tell(news);
  }

  /** @returns how many sockets the member had here */
  kick(name: string, by: Member): number {
    const kicked = [...this.#people].filter(([, member]) => member.name === name);
    for (const [ws] of kicked) {
      this.leave(ws);
      void ws.close(KICKED, `${by.name} has kicked you out`);
    }
    return kicked.length;
  }

  #tellPeople(): void {
    const names = new Set([...this.#people.values()].map(({ name }) => name));
    this.#tell({ type: "people", names: [...names].toSorted() });
  }

  /** Waits for nobody: who reads too slowly is closed by Jackfield in the end, and the others notice nothing. */
  #tell(news: News): void {
    void this.#room.sendJson(news);
  }
}

const channels = new Map(["lobby", "workshop", "kitchen"].map((name) => [name, new Channel(name)]));

export const channelNames: readonly string[] = [...channels.keys()];

export function channelOf(name: string): Channel | undefined {
  return channels.get(name);
}
