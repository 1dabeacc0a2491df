import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { describe, test } from "node:test";
import { InvalidOptionError, RunError } from "jackfield";
import { environmentOptions, fileOptions, runSettings } from "#src/cli/option-sources.js";
import { folderWith } from "../services/folder-with.js";

describe("options of several sources", () => {
  test("are laid over each other, one by one", () => {
    const settings = runSettings(
      { grace: 1 },
      { grace: 2, debug: true },
      { debug: false, maxConnections: 3 },
    );
    assert.deepEqual([settings.grace, settings.debug, settings.maxConnections], [1, true, 3]);
  });

  test("have defaults", () => {
    assert.deepEqual(runSettings(), {
      address: { host: "127.0.0.1", port: 5_000 },
      secure: undefined,
      maxConnections: undefined,
      grace: 10_000,
      debug: undefined,
      inspectPort: undefined,
      accessLog: false,
      broker: undefined,
      pidFile: undefined,
      reload: false,
      reloadExtensions: undefined,
      workers: undefined,
    });
    assert.equal(runSettings({ reload: true }).workers, 1);
    assert.equal(runSettings({ inspect: true }).inspectPort, 9_229);
    assert.equal(runSettings({ workers: "auto" }).workers, availableParallelism());
  });

  test("say one address: the first that does, says whether it is a Unix socket", () => {
    const { address } = runSettings({ port: 1 }, { host: "::1" }, { unix: "/run/app.sock" });
    assert.deepEqual(address, { host: "::1", port: 1 });
    assert.deepEqual(runSettings({ unix: "/run/app.sock" }, { port: 1 }).address, { path: "/run/app.sock" });
    assert.throws(() => runSettings({ unix: "/run/app.sock", port: 1 }), InvalidOptionError);
  });
});

describe("the environment", () => {
  test("has each option, and PORT for the port", () => {
    const environment = {
      JACKFIELD_MAX_CONNECTIONS: "7",
      JACKFIELD_DEBUG: "",
      JACKFIELD_WORKERS: "auto",
      PORT: "80",
    };
    assert.deepEqual(environmentOptions(environment), {
      port: 80,
      workers: "auto",
      maxConnections: 7,
      debug: false,
    });
    assert.equal(environmentOptions({ PORT: "80", JACKFIELD_PORT: "81" }).port, 81);
    assert.throws(() => environmentOptions({ PORT: "http" }), { option: "PORT" });
  });
});

describe("the file", () => {
  test("need not be there", async (t) => {
    assert.deepEqual(await fileOptions(await folderWith(t)), {});
  });

  test("is refused where there are two, it is no object, or it can't be read", async (t) => {
    const two = { "jackfield.config.json": "{}", "jackfield.config.js": "" };
    await assert.rejects(fileOptions(await folderWith(t, two)), RunError);
    await assert.rejects(
      fileOptions(await folderWith(t, { "jackfield.config.json": "[]" })),
      InvalidOptionError,
    );
    await assert.rejects(fileOptions(await folderWith(t, { "jackfield.config.json": "{" })), RunError);
    await assert.rejects(fileOptions(await folderWith(t, { "jackfield.config.json": '{ "port": "80" }' })), {
      message: 'option port in jackfield.config.json: expected a whole number from 0 to 65535, but got "80"',
    });
    await assert.rejects(fileOptions(await folderWith(t, { "jackfield.config.json": '{ "prot": 80 }' })), {
      option: "prot",
    });
  });
});
