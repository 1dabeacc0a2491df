/** Routes that are answered over HTTP, in all the ways in which an application can do so. */
import type { Socket } from "jackfield";
import type { AnySockets } from "./face.js";

type AnySocket = Socket<unknown>;

/** What is thrown: nothing that a framework would make of an error. */
export function thrownAnswer(): Response {
  const answer = Response.json({ thrown: true }, { status: 402, headers: { "X-Thrown": "yes" } });
  answer.headers.append("Set-Cookie", "one=1");
  answer.headers.append("Set-Cookie", "two=2");
  return answer;
}

function refuse(): never {
  // oxlint-disable-next-line typescript/only-throw-error -- it is what this is about
  throw thrownAnswer();
}

/** Whose a request is, that is to `/thrown/identity`, or asks for it, is answered by a `Response`. */
export function identifyOrThrow<Request>(
  identify: (request: Request) => string | undefined,
  urlOf: (request: never) => string,
): (request: Request) => string | undefined {
  return (request) => (/thrown.identity/.test(urlOf(request as never)) ? refuse() : identify(request));
}

const answers: Readonly<Record<string, () => Response>> = {
  text: () => new Response("no entry: é", { status: 403 }),
  bytes: () => new Response(new Uint8Array([1, 2, 3]), { status: 403, headers: { "Content-Type": "a/b" } }),
  blob: () => new Response(new Blob(["in a blob"]), { status: 403 }),
  parts: () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const part of ["one", "two"]) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      }),
      { status: 403 },
    ),
  lying: () => new Response("four", { status: 403, headers: { "Content-Length": "4000" } }),
  empty: () => new Response(null, { status: 403 }),
  redirect: () => Response.redirect("http://127.0.0.1/login", 303),
  nothing: () => new Response(null, { status: 204 }),
  large: () => new Response("x".repeat(1_000_000), { status: 403 }),
};

export function addAnswering(sockets: AnySockets, echo: (ws: AnySocket) => Promise<void>): void {
  sockets.route("/answered/:how", echo, { before: (_request, { how }) => answers[String(how)]?.() });
  sockets.route("/thrown/hook", echo, { before: refuse });
  sockets.route("/thrown/later", echo, { before: () => Promise.reject(thrownAnswer()) });
  sockets.route("/thrown/subprotocols", echo, { subprotocols: refuse });
  sockets.route("/thrown/origins", echo, { allowedOrigins: refuse });
  sockets.route("/thrown/identity", echo);
  sockets.route("/thrown/handler", refuse);
}
