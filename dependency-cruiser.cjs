// Imports point one way: errors <- protocol <- connection <- rooms <- routing <- node <- frameworks <- cli;
// upgrade imports nothing, and node imports it;
// client stands behind node, and before cli.
// A folder may import itself and what stands before it. All but errors and protocol may import base.

const mayImport = {
  base: [],
  protocol: ["errors"],
  connection: ["errors", "base", "protocol"],
  rooms: ["errors", "base", "protocol", "connection"],
  routing: ["errors", "base", "protocol", "connection", "rooms"],
  upgrade: [],
  node: ["errors", "base", "protocol", "connection", "rooms", "routing", "upgrade"],
  client: ["errors", "base", "protocol", "connection", "node"],
  frameworks: ["errors", "base", "protocol", "connection", "rooms", "routing", "node"],
  cli: ["errors", "base", "protocol", "connection", "rooms", "routing", "node", "frameworks", "client"],
};

const directions = Object.entries(mayImport).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-what-stands-before-it`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: `^src/(${[folder, ...allowed].join("|")})(/|\\.ts$)` },
}));

/** Packages each folder may import, besides the folders above. */
const frameworks = ["express", "fastify", "koa", "hono"];

/** What each broker over the network may import: nobody else needs it to be installed. */
const brokerClients = { redis: "(redis|@redis)", nats: "@nats-io" };

module.exports = {
  forbidden: [
    ...directions,
    {
      name: "errors-import-nothing-of-ours",
      severity: "error",
      from: { path: "^src/errors\\.ts$" },
      // Types of what an error carries are no coupling at run time.
      to: { path: "^src/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "protocol-is-pure",
      comment: "Bytes in, frames and messages out: no I/O, no promise, no clock.",
      severity: "error",
      from: { path: "^src/protocol/" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(buffer|crypto)$" },
    },
    {
      name: "only-node-and-frameworks-know-node-servers",
      severity: "error",
      from: { path: "^src/(connection|rooms|routing)/" },
      to: { dependencyTypes: ["core"], path: "^(node:)?(net|http|https|tls|zlib|cluster)$" },
    },
    ...frameworks.map((framework) => ({
      name: `only-the-${framework}-adapter-imports-${framework}`,
      severity: "error",
      from: { path: "^src/", pathNot: `^src/frameworks/${framework}[-.]` },
      to: { path: `node_modules/(@types/|@)?${framework}/` },
    })),
    {
      name: "only-the-worker-imports-piscina",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/node/worker[-.]" },
      to: { path: "node_modules/piscina/" },
    },
    ...Object.entries(brokerClients).map(([broker, packages]) => ({
      name: `only-the-${broker}-broker-imports-its-client`,
      severity: "error",
      from: { path: "^src/", pathNot: `^src/rooms/${broker}-broker\\.ts$` },
      to: { path: `node_modules/${packages}/` },
    })),
    { name: "no-circles", severity: "error", from: { path: "^src/" }, to: { circular: true } },
    {
      name: "frameworks-do-not-see-each-other",
      severity: "error",
      from: { path: "^src/frameworks/([a-z]+)" },
      to: { path: "^src/frameworks/", pathNot: "^src/frameworks/$1[-.]" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    parser: "swc",
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
