/** All groups, in the order of the table. */

import { clientHandshake } from "./client-handshake.js";
import { closeCodes } from "./close-codes.js";
import { closeSequences } from "./close-sequences.js";
import { compressedData } from "./compressed-data.js";
import { compressedMessages } from "./compressed-messages.js";
import { controlFrames } from "./control-frames.js";
import { fragmentation } from "./fragmentation.js";
import { framing } from "./framing.js";
import type { Group } from "./group.js";
import { limits } from "./limits.js";
import { reserved } from "./reserved.js";
import { serverHandshake } from "./server-handshake.js";
import { serverNegotiation } from "./server-negotiation.js";
import { utf8 } from "./utf8.js";

export const groups: readonly Group[] = [
  { name: "Opening handshake", section: "RFC 6455 §4", server: serverHandshake, client: clientHandshake },
  framing,
  controlFrames,
  reserved,
  fragmentation,
  utf8,
  limits,
  closeCodes,
  closeSequences,
  { name: "Offers of compression", section: "RFC 7692 §5", server: serverNegotiation, client: [] },
  compressedMessages,
  compressedData,
];
