/** What docs/nestjs.md says of prefixes, orders and filters; Nest's decorators are called, as ours are the standard ones. */

import assert from "node:assert/strict";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { describe, test, type TestContext } from "node:test";
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Module,
  Next,
  Req,
  Res,
  UnauthorizedException,
  VersioningType,
  type ArgumentsHost,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
  type Provider,
  type Type,
} from "@nestjs/common";
import { APP_GUARD, HttpAdapterHost, NestFactory, type AbstractHttpAdapter } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import type { NextFunction, Request, Response as ExpressResponse } from "express";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Sockets as ExpressSockets } from "jackfield/express";
import { Sockets as FastifySockets } from "jackfield/fastify";
import type { Socket } from "jackfield";
import { Client, bounded, served, upgradeAnswer } from "../frameworks/clients.js";
import { cert, key } from "../node/certificate.js";

type AnySockets = ExpressSockets | FastifySockets;

interface Platform {
  readonly name: string;
  adapter(): AbstractHttpAdapter;
  sockets(): AnySockets;
  /** A controller at /native, which makes a socket of an upgrade. */
  controller(sockets: AnySockets): Type<unknown>;
}

async function echo(ws: Socket<unknown>): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** Adds a route in whatever framework's terms. */
function addEcho(sockets: AnySockets, path: string, before?: () => never): void {
  (sockets as ExpressSockets).route(path, echo, before === undefined ? {} : { before });
}

/** A controller class with one method for GET that takes what Nest can give it. */
function controllerOf(path: string, version: string, handle: (...native: never[]) => unknown): Type<unknown> {
  class Native {
    connect(...native: never[]): unknown {
      return handle(...native);
    }
  }
  for (const [index, decorator] of [Req, Res, Next].entries())
    decorator()(Native.prototype, "connect", index);
  const method = Object.getOwnPropertyDescriptor(Native.prototype, "connect");
  assert.ok(method);
  Get()(Native.prototype, "connect", method);
  Controller({ path, version })(Native);
  return Native;
}

const platforms: readonly Platform[] = [
  {
    name: "Express",
    adapter: () => new ExpressAdapter(),
    sockets: () => new ExpressSockets(),
    controller(sockets) {
      const upgrade = (sockets as ExpressSockets).upgrade(echo);
      return controllerOf("native", "1", (request: Request, response: ExpressResponse, next: NextFunction) =>
        upgrade(request, response, next),
      );
    },
  },
  {
    name: "Fastify",
    adapter: () => new FastifyAdapter(),
    sockets: () => new FastifySockets(),
    controller(sockets) {
      const upgrade = (sockets as FastifySockets).upgrade(echo);
      return controllerOf("native", "1", (request: FastifyRequest, reply: FastifyReply) =>
        upgrade.call(request.server, request, reply),
      );
    },
  },
];

interface Parts {
  readonly sockets: AnySockets;
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type<unknown>[];
  readonly httpsOptions?: { readonly key: string; readonly cert: string };
  /** Nest's middleware. */
  configure?(consumer: MiddlewareConsumer): void;
  /** Called before the application listens. */
  prepare?(app: INestApplication): void;
}

/** Starts an application with the module of the docs, made without decorators. */
async function start(t: TestContext, platform: Platform, parts: Parts): Promise<number> {
  const { sockets, providers = [], controllers = [], httpsOptions } = parts;
  class AppModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      parts.configure?.(consumer);
    }
  }
  const attach = {
    provide: "sockets.module",
    inject: [HttpAdapterHost],
    useFactory: ({ httpAdapter }: HttpAdapterHost) => ({
      onModuleInit: () =>
        sockets.init(httpAdapter.getInstance()).attach(httpAdapter.getHttpServer() as Server),
      beforeApplicationShutdown: () => sockets.close(),
    }),
  };
  Module({ providers: [attach, ...providers], controllers: [...controllers] })(AppModule);
  const options = { logger: false as const, abortOnError: false, ...(httpsOptions && { httpsOptions }) };
  const app = await NestFactory.create(AppModule, platform.adapter(), options);
  parts.prepare?.(app);
  await app.listen(0, "127.0.0.1");
  t.after(() => app.close());
  return served(t, app.getHttpServer() as Server);
}

/** Middleware of Nest that takes its time. */
async function check(
  { headers }: IncomingMessage,
  _response: ServerResponse,
  next: () => void,
): Promise<void> {
  await new Promise(setImmediate);
  if (headers.authorization !== "me") throw new UnauthorizedException("Who are you?");
  next();
}

const notFound = (path: string): unknown => ({
  statusCode: 404,
  message: `Cannot GET ${path}`,
  error: "Not Found",
});

for (const platform of platforms) {
  describe(`NestJS on ${platform.name}`, () => {
    test("prefix, version and global guards hold for controllers, not for routes", bounded, async (t) => {
      const sockets = platform.sockets();
      addEcho(sockets, "/echo");
      const guard = {
        canActivate: (context: ExecutionContext): boolean =>
          context.switchToHttp().getRequest<IncomingMessage>().headers.authorization === "me",
      };
      const port = await start(t, platform, {
        sockets,
        providers: [{ provide: APP_GUARD, useValue: guard }],
        controllers: [platform.controller(sockets)],
        prepare(app) {
          app.setGlobalPrefix("api");
          app.enableVersioning({ type: VersioningType.URI });
        },
      });
      await (await Client.connect(port, "/echo")).echo("a route");
      const headers = { Authorization: "me" };
      await (await Client.connect(port, "/api/v1/native", { headers })).echo("a controller");
      const refused = await upgradeAnswer(port, "/api/v1/native");
      assert.deepEqual(
        [refused.status, JSON.parse(refused.body)],
        [403, { statusCode: 403, message: "Forbidden resource", error: "Forbidden" }],
      );
      const unknown = await upgradeAnswer(port, "/api/echo");
      assert.deepEqual([unknown.status, JSON.parse(unknown.body)], [404, notFound("/api/echo")]);
    });

    test("Nest's middleware for the path of a route may take its time and refuse", bounded, async (t) => {
      const sockets = platform.sockets();
      addEcho(sockets, "/rooms/:id");
      addEcho(sockets, "/open");
      const port = await start(t, platform, {
        sockets,
        configure(consumer) {
          consumer.apply(check).forRoutes("rooms/:id");
        },
      });
      const refused = await upgradeAnswer(port, "/rooms/7");
      assert.deepEqual(
        [refused.status, JSON.parse(refused.body)],
        [401, { statusCode: 401, message: "Who are you?", error: "Unauthorized" }],
      );
      const headers = { Authorization: "me" };
      await (await Client.connect(port, "/rooms/7", { headers })).echo("hi");
      await (await Client.connect(port, "/open")).echo("hi");
    });

    test("the application's own filters answer for what a hook throws", bounded, async (t) => {
      class OwnFilter {
        catch(exception: HttpException, host: ArgumentsHost): void {
          const response = host.switchToHttp().getResponse<ExpressResponse & FastifyReply>();
          response.status(exception.getStatus()).send({ own: exception.message });
        }
      }
      Catch(HttpException)(OwnFilter);
      const sockets = platform.sockets();
      addEcho(sockets, "/refused", () => {
        throw new UnauthorizedException("no");
      });
      addEcho(sockets, "/broken", () => {
        throw new Error("a secret");
      });
      const port = await start(t, platform, {
        sockets,
        prepare: (app) => void app.useGlobalFilters(new OwnFilter()),
      });
      const refused = await upgradeAnswer(port, "/refused");
      assert.deepEqual([refused.status, refused.body], [401, '{"own":"no"}']);
      const broken = await upgradeAnswer(port, "/broken");
      assert.deepEqual(
        [broken.status, JSON.parse(broken.body)],
        [500, { statusCode: 500, message: "Internal server error" }],
      );
    });

    test(
      "a route may come in any constructor or onModuleInit, but no later on Express",
      bounded,
      async (t) => {
        const sockets = platform.sockets();
        const port = await start(t, platform, {
          sockets,
          providers: [
            {
              provide: "early",
              useFactory: () => {
                addEcho(sockets, "/constructed");
                return {
                  onModuleInit: () => addEcho(sockets, "/init"),
                  onApplicationBootstrap: () => addEcho(sockets, "/late"),
                };
              },
            },
          ],
        });
        for (const path of ["/constructed", "/init"]) await (await Client.connect(port, path)).echo("hi");
        const late = await upgradeAnswer(port, "/late");
        if (platform.name === "Express") assert.deepEqual(JSON.parse(late.body), notFound("/late"));
        else assert.equal(late.status, 101);
      },
    );
  });
}

test("NestJS on Express: a route is a wss:// where the application has httpsOptions", bounded, async (t) => {
  const [platform] = platforms;
  assert.ok(platform);
  const sockets = platform.sockets();
  addEcho(sockets, "/echo");
  const port = await start(t, platform, { sockets, httpsOptions: { key, cert } });
  const client = await Client.connect(`wss://127.0.0.1:${port}`, "/echo", { rejectUnauthorized: false });
  await client.echo("secret");
});

for (const platform of platforms) {
  test(`NestJS on ${platform.name}: app.close() ends the sockets first`, bounded, async (t) => {
    const sockets = platform.sockets();
    addEcho(sockets, "/echo");
    let app: INestApplication | undefined;
    const port = await start(t, platform, { sockets, prepare: (made) => (app = made) });
    const client = await Client.connect(port, "/echo");
    await app?.close();
    assert.deepEqual(await client.closed, { code: 1001, reason: "the server goes down" });
    assert.equal(sockets.size, 0);
  });
}
