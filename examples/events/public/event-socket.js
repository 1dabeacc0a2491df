/** Events over a WebSocket: those that come by themselves, and those that are answers. */
import { LiveSocket } from "./live-socket.js";

/** What the server says is wrong with a request. */
export class EventError extends Error {
  constructor({ code, message, issues = [] }) {
    super(message);
    this.code = code;
    this.issues = issues;
  }
}

export class EventSocket {
  #socket;
  #waiting = new Map();
  #lastId = 0;

  /**
   * @param path - the endpoint, relative to this page
   * @param state - the element that shows the state of the connection
   * @param listeners - functions that take the data of an event, by its name
   */
  constructor(path, { state, listeners }) {
    this.#socket = new LiveSocket(path, {
      state,
      onMessage: (text) => {
        const { event, data, id, error } = JSON.parse(text);
        if (id === undefined) listeners[event]?.(data);
        else this.#settle(id, error && new EventError(error), data);
      },
      onLost: () => {
        const lost = new EventError({ code: "lost", message: "The connection was lost." });
        for (const id of this.#waiting.keys()) this.#settle(id, lost);
      },
    });
  }

  /** Sends an event. @returns a promise of the data of its answer */
  ask(event, data) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (this.#socket.send(JSON.stringify({ event, data, id }))) return;
      this.#settle(id, new EventError({ code: "lost", message: "There is no connection." }));
    });
  }

  #settle(id, error, data) {
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) resolve(data);
    else reject(error);
  }
}
