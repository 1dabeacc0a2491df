/** The clients: a process of its own, so that all their connections are gone when it has ended. */

import { answerCalls } from "../../bench/answer-calls.js";
import { storm, type Storm } from "./storm.js";

if (process.send !== undefined) answerCalls(null, (wanted: Storm) => storm(wanted));
