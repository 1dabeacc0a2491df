/** Has a server listen, or says in a sentence why it can't. */

import { once } from "node:events";
import { stat, unlink } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { Server as TlsServer } from "node:tls";
import { RunError } from "../errors.js";
import type { AppServer } from "./app-kinds.js";
import type { ListenAddress } from "./run-options.js";

/** @throws {RunError} if the address is taken or can't be had */
export async function startServer(appServer: AppServer, address: ListenAddress): Promise<void> {
  const { server } = appServer;
  if (server.listening) throw listensAlready();
  try {
    if (appServer.listen !== undefined) await appServer.listen(address);
    else await listen(server, address);
  } catch (error) {
    throw asRunError(error as NodeJS.ErrnoException, address);
  }
}

async function listen(server: Server, address: ListenAddress): Promise<void> {
  const listening = once(server, "listening");
  server.listen(address);
  await listening;
}

function listensAlready(): RunError {
  return new RunError(
    "expected a server that doesn't listen yet, but the module has it listen; leave listen to the command",
  );
}

function asRunError(error: NodeJS.ErrnoException, address: ListenAddress): RunError {
  const { code, message } = error;
  const place = "path" in address ? address.path : `port ${address.port} of ${address.host}`;
  const option = "path" in address ? "--unix" : "--port (0 is any that is free)";
  if (code === "EADDRINUSE")
    return new RunError(
      `expected ${place} to be free, but another program listens there; stop it, or choose another with ${option}`,
    );
  if (code === "ERR_SERVER_ALREADY_LISTEN") return listensAlready();
  const hint = code === "EACCES" ? "it needs rights that this user hasn't; choose another" : "choose another";
  return new RunError(`expected to listen at ${place}, but ${message}; ${hint} with ${option}`);
}

/**
 * Gives an address whose port is known: workers that come later must have the same one.
 *
 * @throws {RunError} if there is no free port
 */
export async function withKnownPort(address: ListenAddress): Promise<ListenAddress> {
  if ("path" in address || address.port !== 0) return address;
  const probe = createServer();
  await startServer({ server: probe }, address);
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  return { ...address, port };
}

/** Where a server listens, for people: `https://127.0.0.1:5000`, or `unix:/run/app.sock`. */
export function urlOf(server: Server): string {
  const address = server.address();
  if (typeof address === "string") return `unix:${address}`;
  const { address: host, port } = address as AddressInfo;
  const scheme = server instanceof TlsServer ? "https" : "http";
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Removes the Unix socket that a process left behind that could not end properly.
 *
 * @throws {RunError} if the path is that of something else
 */
export async function removeStaleSocket(address: ListenAddress): Promise<void> {
  if (!("path" in address)) return;
  const found = await stat(address.path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket())
    throw new RunError(
      `expected a path for a Unix socket, but ${address.path} is something else; remove it, or choose another with --unix`,
    );
  if (!(await isAnswered(address))) await unlink(address.path);
}

/** Whether somebody listens there. */
export async function isAnswered(address: ListenAddress): Promise<boolean> {
  const connection = connect(address);
  try {
    await once(connection, "connect");
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ECONNREFUSED";
  } finally {
    connection.destroy();
  }
}
