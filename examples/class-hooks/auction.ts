/** An auction: a class whose methods are the hooks of a route. */
import type { CloseInfo, Message, Room, Socket } from "jackfield";

export class Auction {
  readonly #item: string;
  readonly #bidders: Room;
  #highest = 0;

  /** @param bidders - the room of those who are there */
  constructor(item: string, bidders: Room) {
    this.#item = item;
    this.#bidders = bidders;
  }

  /** A bidder is here. No message comes before this is done. */
  async open(ws: Socket): Promise<void> {
    await ws.join(this.#bidders);
    await ws.send(`${this.#item}: ${this.#highest} is bid; what do you bid?`);
  }

  /** A bid, or anything else that somebody sent. */
  message(ws: Socket, message: Message): void {
    const bid = Number(message);
    if (!Number.isSafeInteger(bid) || bid <= this.#highest) {
      void ws.send(`Bid a whole number above ${this.#highest}.`);
      return;
    }
    this.#highest = bid;
    void this.#bidders.send(`${bid} is bid.`);
  }

  /** A bidder has gone, politely (1000, 1001) or not. */
  close(_ws: Socket, { code }: CloseInfo): void {
    const how = code === 1000 || code === 1001 ? "has left" : "was lost";
    void this.#bidders.send(`A bidder ${how}; ${this.#bidders.size} still here.`);
  }
}
