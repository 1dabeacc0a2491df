/** The load of a soak, in a process of its own. The arguments are the ports of the two sites. */

import { answerCalls } from "../../answer-calls.js";
import type { Question } from "../facts.js";
import { conversations } from "./conversations.js";
import { Crowd } from "./crowd.js";
import { echoes } from "./echoes.js";
import { misfits } from "./misfits.js";
import { requests } from "./requests.js";

const [here = 0, there = 0] = process.argv.slice(2).map(Number);
const crowd = new Crowd([...echoes, ...conversations, ...requests, ...misfits], [here, there]);

answerCalls([], async (question: Question) => {
  if (question === "start") crowd.start();
  if (question === "stop") await crowd.stop();
  return crowd.facts;
});
