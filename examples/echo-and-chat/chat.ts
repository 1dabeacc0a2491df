/** Chat rooms that remember what was said last. */
import type { Socket } from "jackfield";

/** What was said, by whom, and when (milliseconds since 1970). */
interface Message {
  readonly name: string;
  readonly text: string;
  readonly at: number;
}

/** What the page gets to hear. */
type News =
  | { readonly type: "backlog"; readonly messages: readonly Message[] }
  | { readonly type: "message"; readonly message: Message }
  | { readonly type: "people"; readonly count: number };

const maxRooms = 100;
const maxBacklog = 50;
const maxNameLength = 40;
const maxTextLength = 2000;

class Room {
  readonly backlog: Message[] = [];
  readonly sockets = new Set<Socket>();

  enter(ws: Socket): void {
    // Nothing can be said between these two lines, so nobody misses a message or gets one twice.
    this.sockets.add(ws);
    void ws.sendJson({ type: "backlog", messages: this.backlog } satisfies News);
    this.tell({ type: "people", count: this.sockets.size });
  }

  leave(ws: Socket): void {
    this.sockets.delete(ws);
    this.tell({ type: "people", count: this.sockets.size });
  }

  say(name: string, text: string): void {
    const message = { name, text, at: Date.now() };
    this.backlog.push(message);
    if (this.backlog.length > maxBacklog) this.backlog.shift();
    this.tell({ type: "message", message });
  }

  /** Waits for nobody: who reads too slowly is closed by Jackfield in the end, and the others notice nothing. */
  tell(news: News): void {
    for (const ws of this.sockets) void ws.sendJson(news);
  }
}

export class Chat {
  /** The room that was entered last comes last. */
  readonly #rooms = new Map<string, Room>();

  /** Keeps a socket in a room for as long as it is connected. */
  async join(ws: Socket, roomName: string, userName: string): Promise<void> {
    const name = userName.trim().slice(0, maxNameLength) || "Anonymous";
    const room = roomName.length > maxNameLength ? undefined : this.#open(roomName);
    if (!room) {
      await ws.close(
        1008,
        `a room's name may have ${maxNameLength} characters, and ${maxRooms} rooms may be in use`,
      );
      return;
    }
    room.enter(ws);
    try {
      for await (const message of ws) {
        const text = typeof message === "string" ? message.trim().slice(0, maxTextLength) : "";
        if (text) room.say(name, text);
      }
    } finally {
      room.leave(ws);
    }
  }

  /** The room of that name; a new one may take the place of the one that has been empty for longest. */
  #open(name: string): Room | undefined {
    const room = this.#rooms.get(name) ?? new Room();
    if (!this.#rooms.delete(name) && this.#rooms.size >= maxRooms) {
      const [idle] = [...this.#rooms].find(([, { sockets }]) => sockets.size === 0) ?? [];
      if (idle === undefined) return undefined;
      this.#rooms.delete(idle);
    }
    this.#rooms.set(name, room);
    return room;
  }
}
