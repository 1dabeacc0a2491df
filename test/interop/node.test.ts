import { runChild } from "./child.js";
import { mebibyte } from "./server.js";
import { allSizes, interop } from "./suite.js";

const client = new URL("standard-client.js", import.meta.url);
const script = `
  const { runStandardClient } = await import(${JSON.stringify(client.href)});
  console.log(JSON.stringify(await runStandardClient(JSON.parse(process.argv[1]))));
`;

interop("Node's own client", {
  // Node 20 has it behind this flag; later ones know the flag still.
  run: (errand) =>
    runChild(process.execPath, ["--experimental-websocket", "--input-type=module", "--eval", script], errand),
  // It refuses to inflate a message to more than 4 MiB.
  compressedSizes: allSizes.filter((size) => size <= 4 * mebibyte),
});
