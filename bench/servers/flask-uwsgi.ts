/** What Flask-uWSGI-WebSocket is made of: the WebSockets of uWSGI, here with a thread per connection. */

import { join } from "node:path";
import { pythonFolder, reportFor } from "./outside.js";

const app = join(pythonFolder, "uwsgi_app.py");

await reportFor("uwsgi-core", (port) =>
  `--plugin python3 --http-socket 127.0.0.1:${port} --threads 110 --need-app --disable-logging --wsgi-file`
    .split(" ")
    .concat(app),
);
