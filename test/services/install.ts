/** Installs what the tests need and is missing, where it may; says so in one line, and never fails the tests. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { services, type Service } from "./services.js";

const absent = Object.values<Service>(services).filter((service) => service.find() === undefined);
const unwanted = absent.filter(
  ({ startsService }) => startsService === true && existsSync("/run/systemd/system"),
);
const missing = absent.filter((service) => !unwanted.includes(service));
const packages = missing.map((service) => service.package);

if (unwanted.length > 0) {
  console.log(
    `Tests that need ${names(unwanted)} will be skipped: to run them, install ` +
      `${unwanted.map((service) => service.package).join(" ")}, which starts a service here.`,
  );
}

if (missing.length > 0) {
  if (!mayInstall()) {
    console.log(
      `Tests that need ${names(missing)} will be skipped: to run them, install ${packages.join(" ")}.`,
    );
  } else {
    console.log(`Installing ${packages.join(" ")} with apt-get, for the tests.`);
    // The lists may be missing or old, and fetching them takes a while: only after a failure.
    if (!install()) {
      apt("update");
      install();
    }
    const still = missing.filter((service) => service.find() === undefined);
    if (still.length > 0)
      console.log(`Could not install ${names(still)}: the tests that need it will be skipped.`);
  }
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;
}

function install(): boolean {
  return apt("install", "--yes", "--no-install-recommends", ...packages);
}

function apt(...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status } = spawnSync("apt-get", ["--quiet", "--quiet", ...args], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 300_000,
  });
  return status === 0;
}

function names(services: readonly Service[]): string {
  return services.map(({ name }) => name).join(" and ");
}
