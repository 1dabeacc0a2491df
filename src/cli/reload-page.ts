/** The script by which an open page reloads itself when the app was reloaded. */

import { IncomingMessage, ServerResponse, type Server } from "node:http";
import { wrapEmit } from "../node/upgrade-interception.js";
import { isUpgrade } from "../node/upgrade-of.js";

const SCRIPT = "/@jackfield/reload.js";
const EVENTS = "/@jackfield/reload-events";

/** A page whose connection ended comes back after so long, in milliseconds. */
const RETRY = 100;

/**
 * A browser has six connections to a server for all of its tabs (HTTP/1.1), so those that nobody sees must have none.
 *
 * @param generation - what the page was made by
 */
function scriptFor(generation: string): string {
  return `const generation = ${JSON.stringify(generation)};
const url = new URL("reload-events", import.meta.url);
let events;

function listen() {
  events?.close();
  if (document.visibilityState === "hidden") return;
  events = new EventSource(url);
  events.onmessage = ({ data }) => {
    if (data !== generation) location.reload();
  };
  events.onerror = ({ target }) => {
    if (target === events && target.readyState === EventSource.CLOSED) setTimeout(listen, ${5 * RETRY});
  };
}

document.addEventListener("visibilitychange", listen);
listen();
`;
}

/** Answers requests for the script and its events, before the app sees them. */
export class ReloadPage {
  readonly #generation: string;
  readonly #listening = new Set<ServerResponse>();
  #isOver = false;

  /** @param generation - what distinguishes this code from what it was before */
  constructor(server: Server, generation: string) {
    this.#generation = generation;
    // Not by a listener: those of the app would hear of these requests, too.
    wrapEmit(server, (emit) => (event, ...args) => {
      const [request, response] = args;
      const isRequest = request instanceof IncomingMessage && response instanceof ServerResponse;
      const isPlain = event === "request" && isRequest && !isUpgrade(request);
      return (isPlain && this.#answers(request, response)) || emit(event, ...args);
    });
  }

  #answers({ method, url }: IncomingMessage, response: ServerResponse): boolean {
    const path = url?.split("?", 1)[0];
    if (method !== "GET" || (path !== SCRIPT && path !== EVENTS)) return false;
    response.setHeader("cache-control", "no-store");
    if (path === SCRIPT) {
      response.setHeader("content-type", "text/javascript; charset=utf-8");
      response.end(scriptFor(this.#generation));
    } else this.#tell(response);
    return true;
  }

  #tell(response: ServerResponse): void {
    // A connection that stays would lead the page back to this process, which ends.
    response.writeHead(200, { "content-type": "text/event-stream", connection: "close" });
    if (this.#isOver) {
      response.end(`retry: ${RETRY}\n\n`);
      return;
    }
    response.write(`retry: ${RETRY}\ndata: ${this.#generation}\n\n`);
    this.#listening.add(response);
    response.once("close", () => this.#listening.delete(response));
  }

  /** Has all pages look for the process that follows. */
  end(): void {
    this.#isOver = true;
    for (const response of this.#listening) response.end();
  }
}
