/** A process with a hub, for links of the process that has started it: the channel between them has two equal ends. */
import { ClusterHub } from "jackfield";

const [maxBacklog] = process.argv.slice(2);
const hub = new ClusterHub(maxBacklog === undefined ? {} : { maxBacklog: Number(maxBacklog) });
hub.add(process);
process.send?.("ready");
