/** Chat rooms that remember what was said last. */
import type { Room, Socket } from "jackfield";

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

/** What was said in a room, and those who are in it. */
class Conversation {
  readonly #room: Room;
  readonly #backlog: Message[] = [];

  constructor(room: Room) {
    this.#room = room;
  }

  get isEmpty(): boolean {
    return this.#room.size === 0;
  }

  enter(ws: Socket): void {
    // Nothing can be said between these two lines, so nobody misses a message or gets one twice.
    void ws.join(this.#room);
    void ws.sendJson({ type: "backlog", messages: this.#backlog } satisfies News);
    this.tellCount();
  }

  say(name: string, text: string): void {
    const message = { name, text, at: Date.now() };
    this.#backlog.push(message);
    if (this.#backlog.length > maxBacklog) this.#backlog.shift();
    this.#tell({ type: "message", message });
  }

  tellCount(): void {
    this.#tell({ type: "people", count: this.#room.size });
  }

  /** Waits for nobody: who reads too slowly is closed by Jackfield in the end, and the others notice nothing. */
  #tell(news: News): void {
    void this.#room.sendJson(news);
  }
}

export class Chat {
  readonly #roomOf: (name: string) => Room;
  /** The one that was entered last comes last. */
  readonly #conversations = new Map<string, Conversation>();

  /** @param roomOf - gives the room of a name: `sockets.room` */
  constructor(roomOf: (name: string) => Room) {
    this.#roomOf = roomOf;
  }

  /** Keeps a socket in a room for as long as it is connected. */
  async join(ws: Socket, roomName: string, userName: string): Promise<void> {
    const name = userName.trim().slice(0, maxNameLength) || "Anonymous";
    const conversation = roomName.length > maxNameLength ? undefined : this.#open(roomName);
    if (conversation === undefined) {
      await ws.close(
        1008,
        `a room's name may have ${maxNameLength} characters, and ${maxRooms} rooms may be in use`,
      );
      return;
    }
    conversation.enter(ws);
    try {
      for await (const message of ws) {
        const text = typeof message === "string" ? message.trim().slice(0, maxTextLength) : "";
        if (text !== "") conversation.say(name, text);
      }
    } finally {
      conversation.tellCount(); // whoever has left is in no room any more
    }
  }

  /** The one of that name; a new one may take the place of the one that has been empty for longest. */
  #open(name: string): Conversation | undefined {
    const conversation = this.#conversations.get(name) ?? new Conversation(this.#roomOf(name));
    if (!this.#conversations.delete(name) && this.#conversations.size >= maxRooms) {
      const [idle] = [...this.#conversations].find(([, { isEmpty }]) => isEmpty) ?? [];
      if (idle === undefined) return undefined;
      this.#conversations.delete(idle);
    }
    this.#conversations.set(name, conversation);
    return conversation;
  }
}
