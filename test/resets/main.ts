/** `npm run resets`: random handshakes that are reset at random steps, in numbers. */

import { parseArgs } from "node:util";
import { attack, subjects } from "./attack.js";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    subject: { type: "string", multiple: true },
  },
});

const wanted = subjects.filter((name) => values.subject?.includes(name) !== false);
console.log(`seed ${values.seed}; subjects: ${wanted.join(", ")}`);
for (const subject of wanted) {
  for (const isShared of subject === "acceptUpgrade" ? [false] : [false, true]) {
    const began = performance.now();
    await attack({ subject, isShared, connections: Number(values.connections), seed: Number(values.seed) });
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    const company = isShared ? "beside another listener" : "alone";
    console.log(`${subject} ${company}: ${values.connections} connections in ${seconds} s, nothing is left`);
  }
}
