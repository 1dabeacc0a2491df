/** An application in this process, behind a proxy. */
import { once } from "node:events";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import express from "express";
import session from "express-session";
import type { CloseInfo } from "jackfield";
import { Sockets } from "jackfield/express";
import { Client, deferred, handshakeHeaders, served, type Answer } from "../frameworks/clients.js";
import { Proxy, type ProxyName } from "./proxy.js";

declare module "express-session" {
  interface SessionData {
    user: string;
  }
}

export type Scheme = "ws" | "wss";

/** With which header fields, and from which of the loopback addresses. */
export interface Visit {
  readonly headers?: Readonly<Record<string, string>>;
  readonly localAddress?: string;
}

type ClientOptions = Parameters<typeof Client.connect>[2];

export class Site {
  readonly sockets: Sockets;
  /** Where the application itself listens. */
  readonly appPort: number;
  /** How its side of a connection to `/closes` ended. */
  readonly closed: Promise<CloseInfo>;
  readonly #scheme: Scheme;
  readonly #port: number;

  private constructor(proxy: Proxy, scheme: Scheme, app: App, appPort: number) {
    this.sockets = app.sockets;
    this.closed = app.closed;
    this.appPort = appPort;
    this.#scheme = scheme;
    this.#port = scheme === "ws" ? proxy.port : proxy.securePort;
  }

  /** One that is served until the test is over. */
  static async start(t: TestContext, name: ProxyName, scheme: Scheme): Promise<Site> {
    const made = makeApp();
    const appPort = await served(t, made.app.listen(0, "127.0.0.1"));
    return new Site(await Proxy.start(t, name, { upstream: appPort }), scheme, made, appPort);
  }

  /** What a page of it has as its origin. */
  get origin(): string {
    return `${this.#scheme === "ws" ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  get socketOrigin(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  connect(path: string, options: ClientOptions = {}): Promise<Client> {
    return Client.connect(this.socketOrigin, path, { rejectUnauthorized: false, ...options });
  }

  /** Asks for a page. */
  async get(path: string, { headers = {}, localAddress }: Visit = {}): Promise<Answer> {
    const send = this.#scheme === "ws" ? requestHttp : requestHttps;
    const source = localAddress === undefined ? {} : { localAddress };
    const request = send(this.origin + path, { headers, agent: false, rejectUnauthorized: false, ...source });
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  }

  /** Asks for a WebSocket that is refused. */
  refusal(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.get(path, { headers: { ...handshakeHeaders, ...headers } });
  }
}

type App = ReturnType<typeof makeApp>;

function makeApp() {
  const app = express();
  app.set("trust proxy", "127.0.0.1");
  const cookie = { secure: "auto" } as const;
  app.use(session({ secret: "of these tests", resave: false, saveUninitialized: false, cookie }));
  app.get("/", (_request, response) => void response.send("Hello World!"));
  app.get("/login/:user", (request, response) => {
    request.session.user = request.params.user;
    response.send("welcome");
  });
  app.get("/url", (request, response) => {
    response.send(sockets.urlFor("/echo", {}, { external: true, request }));
  });
  app.use("/members", (request, response, next) => {
    if (request.session.user === undefined) response.status(401).json({ error: "log in first" });
    else next();
  });
  const sockets = new Sockets(app, { compression: { threshold: 0 }, maxConnectionsPerAddress: 3 });
  const closed = addRoutes(sockets);
  return { app, sockets, closed };
}

/** @returns how the application sees the end of `/closes` */
function addRoutes(sockets: Sockets): Promise<CloseInfo> {
  sockets.route(
    "/echo",
    async (ws) => {
      for await (const message of ws) await ws.send(message);
    },
    { subprotocols: ["chat"] },
  );
  sockets.route("/members", (ws) =>
    ws.sendJson({ user: ws.request.session.user, cookie: ws.cookies["flavour"] }),
  );
  sockets.route("/whence", (ws) =>
    ws.sendJson({ address: ws.remoteAddress, secure: ws.request.secure, host: ws.request.get("Host") }),
  );
  const closed = deferred<CloseInfo>();
  sockets.route("/closes", async (ws) => {
    for await (const _ of ws) await ws.close(4001, "as you wish");
    closed.resolve(await ws.whenClosed);
  });
  return closed.promise;
}
