/** A small page, served by Vite's dev server in middleware mode inside an app whose server it shares. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createServer, type ViteDevServer } from "vite";
import { Client, until } from "../frameworks/clients.js";

const page = `<!doctype html><h1></h1><p></p><script type="module" src="/main.js"></script>`;

/** Says its version, and echoes something over a socket of ours, in the same page. */
const main = (version: number): string => `
  document.querySelector("h1").textContent = "version ${version}";
  if (!window.ours) {
    window.ours = new WebSocket("ws://" + location.host + "/ours");
    ours.onopen = () => ours.send("over our socket");
    ours.onmessage = ({ data }) => { document.querySelector("p").textContent = data; };
  }
  if (import.meta.hot) import.meta.hot.accept();
`;

export type Connect = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

export class ViteProject {
  readonly #vite: ViteDevServer;
  readonly #root: string;
  #version = 1;

  private constructor(vite: ViteDevServer, root: string) {
    this.#vite = vite;
    this.#root = root;
  }

  /** @param server - the server that Vite listens to for its hot reload */
  static async create(t: TestContext, server: Server): Promise<ViteProject> {
    const root = await mkdtemp(join(tmpdir(), "jackfield-vite-"));
    await writeFile(join(root, "index.html"), page);
    await writeFile(join(root, "main.js"), main(1));
    const vite = await createServer({
      root,
      configFile: false,
      logLevel: "silent",
      cacheDir: join(root, ".vite"),
      optimizeDeps: { noDiscovery: true },
      server: { middlewareMode: true, ws: { server } },
    });
    t.after(async () => {
      await vite.close();
      await rm(root, { recursive: true, force: true });
    });
    return new ViteProject(vite, root);
  }

  /** What serves the page. */
  get middleware(): Connect {
    return this.#vite.middlewares;
  }

  /** Saves the script again and again, as its watcher may not be at it yet, until the change has arrived. */
  async saveUntil(arrived: () => boolean): Promise<void> {
    let savedAt = -Infinity;
    await until(() => {
      if (performance.now() - savedAt > 300) {
        savedAt = performance.now();
        void writeFile(join(this.#root, "main.js"), main(++this.#version));
      }
      return arrived();
    });
  }
}

/** Connects as Vite's client in a page does: with the token that is written into its code. */
export async function connectHotReload(port: number): Promise<Client> {
  const origin = `http://127.0.0.1:${port}`;
  const code = await (await fetch(`${origin}/@vite/client`)).text();
  const token = /const wsToken = "([^"]+)"/.exec(code)?.[1];
  assert.ok(token !== undefined, "Vite's client has its token elsewhere now");
  await fetch(`${origin}/main.js`); // changes are told only of what was asked for
  const client = await Client.connect(port, `/?token=${token}`, { protocols: ["vite-hmr"], origin });
  assert.deepEqual(await client.nextJson(), { type: "connected" });
  return client;
}
