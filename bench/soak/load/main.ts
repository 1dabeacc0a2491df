/** The load of a soak, in a process of its own. The arguments are the ports of the two sites, for each without and with TLS. */

import { answerCalls } from "../../answer-calls.js";
import type { Question } from "../facts.js";
import { conversations } from "./conversations.js";
import { Crowd } from "./crowd.js";
import { echoes } from "./echoes.js";
import { handshakes } from "./handshakes.js";
import { misfits } from "./misfits.js";
import { requests } from "./requests.js";
import { overTls } from "./scenario.js";

const [here = 0, hereTls = 0, there = 0, thereTls = 0] = process.argv.slice(2).map(Number);
const both = [...echoes, ...conversations, ...misfits];
const crowd = new Crowd(
  [...both, ...overTls(both), ...requests, ...handshakes],
  [
    { plain: here, tls: hereTls },
    { plain: there, tls: thereTls },
  ],
);

answerCalls([], async (question: Question) => {
  if (question === "start") crowd.start();
  if (question === "stop") await crowd.stop();
  return crowd.facts;
});
