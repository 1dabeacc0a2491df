/** `jackfield run` with modules of TypeScript, in a project as npm makes one. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, bounded } from "../frameworks/clients.js";
import { folderWith } from "../services/folder-with.js";
import { Command } from "./command.js";
import { modulePackage, project } from "./project.js";

/** Since Node 22.18. */
const nodeStripsTypes = Boolean(Reflect.get(process.features, "typescript"));

/** What only tsx understands: decorators, enums, paths of tsconfig.json. */
const demanding = {
  "package.json": modulePackage,
  "tsconfig.json": '{ "compilerOptions": { "module": "nodenext", "paths": { "~/*": ["./*"] } } }',
  "mood.ts": "export enum Mood { happy, sad }\n",
  "greeting.ts": "export function greet(name: string): string { return `Hello, ${name}`; }\n",
  "app.ts": `
    import express, { type Express } from "express";
    import type { Socket } from "jackfield";
    import { Sockets } from "jackfield/express";
    import { greet } from "~/greeting.js";
    import { Mood } from "./mood.js";

    export const app: Express = express();
    const sockets = new Sockets(app);

    class Chat {
      @sockets.route("/chat/:name")
      async chat(ws: Socket<{ name: string }>): Promise<void> {
        await ws.send(\`\${greet(ws.params.name)}, \${Mood[Mood.happy]}\`);
      }
    }
    new Chat();
  `,
};

/** What is left to be done is to leave out the types. */
const plain = {
  "package.json": modulePackage,
  "hello.ts": `
    import { createServer, type Server } from "node:http";
    import { Sockets, type Socket } from "jackfield";
    import { greet } from "./greeting.ts";

    export const server: Server = createServer();
    new Sockets(server).route("/hello", async (ws: Socket): Promise<void> => ws.send(greet("you")));
  `,
  "greeting.ts": demanding["greeting.ts"],
};

async function greeting(command: Command, path: string): Promise<unknown> {
  return (await Client.connect(command.socketUrl, path)).next();
}

describe("TypeScript", () => {
  for (const workers of [[], ["--workers", "1"]]) {
    test(`F11: is loaded by tsx, with all that is TypeScript ${workers.join(" ")}`, bounded, async (t) => {
      const cwd = await project(t, demanding, ["tsx", "express"]);
      const command = await Command.run(t, "app.ts", workers, { cwd });
      assert.match(command.output, /^Jackfield serves app\.ts, an Express app/);
      assert.equal(await greeting(command, "/chat/Ann"), "Hello, Ann, happy");
      command.kill("SIGTERM");
      assert.deepEqual(await command.ended, { code: 0, signal: null });
      assert.equal(command.errors, "");
    });
  }

  test("is loaded by tsx where modules are those of CommonJS, too", bounded, async (t) => {
    const cwd = await project(t, { ...demanding, "package.json": "{}" }, ["tsx", "express"]);
    const command = await Command.run(t, "app", [], { cwd });
    assert.equal(await greeting(command, "/chat/Ann"), "Hello, Ann, happy");
  });

  test("F11: is loaded by Node itself where it can, without any package", bounded, async (t) => {
    const cwd = await project(t, plain);
    if (nodeStripsTypes) {
      const command = await Command.run(t, "hello.ts", [], { cwd });
      assert.equal(await greeting(command, "/hello"), "Hello, you");
      return;
    }
    const command = new Command(t, ["run", "hello.ts"], { cwd });
    assert.deepEqual(await command.ended, { code: 1, signal: null });
    assert.match(
      command.errors,
      /^jackfield: expected JavaScript, but hello\.ts is TypeScript, which Node \S+ doesn't load; use Node 22\.18 or newer, or npm install --save-dev tsx/,
    );
  });

  test("that Node doesn't understand is an error that says what does", bounded, async (t) => {
    const cwd = await project(t, demanding, ["express"]);
    const command = new Command(t, ["run", "app.ts"], { cwd });
    assert.deepEqual(await command.ended, { code: 1, signal: null });
    assert.match(command.errors, /^jackfield: expected .*app\.ts.* npm install --save-dev tsx/);
  });

  test("with JSX is loaded by tsx only", bounded, async (t) => {
    const view = 'export const view = <p class="hi">hi</p>;\n';
    const files = {
      "package.json": modulePackage,
      "tsconfig.json": '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "hono/jsx" } }',
      "app.tsx": `import { Hono } from "hono";\n${view}
        export const app = new Hono();
        app.get("/", (context) => context.html(view));
      `,
    };
    const without = new Command(t, ["run", "app"], { cwd: await folderWith(t, files) });
    assert.deepEqual(await without.ended, { code: 1, signal: null });
    assert.match(
      without.errors,
      /app\.tsx is TypeScript, which Node \S+ doesn't load; npm install --save-dev tsx/,
    );
    const cwd = await project(t, files, ["tsx", "hono"]);
    const command = await Command.run(t, "app", [], { cwd });
    assert.equal(await (await fetch(command.url)).text(), '<p class="hi">hi</p>');
  });
});
