import { fileURLToPath } from "node:url";
import { pythonWebsockets, services, skip } from "../services/services.js";
import { runChild } from "./child.js";
import { interop } from "./suite.js";

const script = new URL("test/interop/client.py", import.meta.resolve("jackfield/package.json"));

interop("python-websockets", {
  skip: skip(services.pythonWebsockets),
  run: (errand) => runChild(pythonWebsockets() ?? "", [fileURLToPath(script)], errand),
});
