/** How a connection is closed, as the compiler sees it. */

import type { CloseInfo, Socket } from "jackfield";
import { holds, type Same } from "./assert-type.js";

declare const ws: Socket;

const closing = ws.close();
holds<Same<typeof closing, Promise<CloseInfo>>>();
void ws.close(1000);
void ws.close(4000, "because");
void ws.close("empty");
// @ts-expect-error an empty close frame has no reason
void ws.close("empty", "because");
// @ts-expect-error a code is a number
void ws.close("1000");
// @ts-expect-error nothing is no code
void ws.close(null);
