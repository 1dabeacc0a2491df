/** A WebSocket that comes back after a loss: at once, then ever more slowly, and at most every 10 seconds. */

const firstDelay = 250;
const longestDelay = 10_000;

const sentences = {
  connecting: "Connecting…",
  open: "Connected",
  waiting: "Connection lost, trying again…",
};

export class LiveSocket {
  #path;
  #state;
  #onMessage;
  #onOpen;
  #onLost;
  #socket;
  #timer;
  #attempts = 0;

  /**
   * @param path - the route, relative to this page
   * @param state - the element that shows the state
   * @param onMessage - called with each message
   * @param onOpen - called when it is connected, the first time and after each loss
   * @param onLost - called when the connection is lost, so that nobody waits for answers any more
   */
  constructor(path, { state, onMessage, onOpen = () => {}, onLost = () => {} }) {
    this.#path = path;
    this.#state = state;
    this.#onMessage = onMessage;
    this.#onOpen = onOpen;
    this.#onLost = onLost;
    this.#connect();
    addEventListener("online", this.#hurry);
  }

  /** Sends, and says whether it could. */
  send(text) {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  /** Ends it for good. */
  close() {
    removeEventListener("online", this.#hurry);
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket.close();
  }

  #connect() {
    const url = new URL(this.#path, location.href);
    url.protocol = location.protocol.replace("http", "ws");
    const socket = (this.#socket = new WebSocket(url));
    // What an abandoned socket still has to say is of no interest.
    const listen = (type, listener) =>
      socket.addEventListener(type, (event) => this.#socket === socket && listener(event));
    listen("message", ({ data }) => this.#onMessage(data));
    listen("open", () => {
      this.#attempts = 0;
      this.#show("open");
      this.#onOpen();
    });
    listen("close", ({ reason }) => {
      this.#onLost();
      this.#show("waiting", reason);
      // The chance in it keeps a thousand pages from coming back in the same instant.
      const delay = Math.min(longestDelay, firstDelay * 2 ** this.#attempts++) * (0.5 + Math.random() / 2);
      this.#timer = setTimeout(() => this.#connect(), delay);
    });
    if (this.#attempts === 0) this.#show("connecting");
  }

  #hurry = () => {
    if (this.#socket.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.#timer);
    this.#connect();
  };

  #show(name, reason = "") {
    if (this.#state.dataset.state === name && this.#state.title === reason) return;
    this.#state.dataset.state = name;
    this.#state.textContent = sentences[name];
    this.#state.title = reason;
  }
}
