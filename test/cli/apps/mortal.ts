/** Dies soon after it has begun to listen. */
import { createServer } from "node:http";

const server = createServer();
server.once("listening", () => setTimeout(() => process.exit(3), 20));
export default server;
