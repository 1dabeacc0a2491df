/** The ancestor, as its README runs it: one worker of gunicorn, on gevent. */

import { pythonFolder, reportFor } from "./outside.js";

const options =
  "--worker-class flask_sockets.worker --workers 1 --worker-connections 20000 --log-level error";

await reportFor("/usr/bin/python3", (port) => [
  "-m",
  "gunicorn",
  ...options.split(" "),
  `--bind=127.0.0.1:${port}`,
  `--chdir=${pythonFolder}`,
  "flask_sockets_app:app",
]);
