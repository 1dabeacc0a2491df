import type { Target } from "../target.js";
import { event } from "./event.js";
import { frames } from "./frames.js";
import { handshake } from "./handshake.js";
import { hub } from "./hub.js";
import { inflate } from "./inflate.js";
import { parcel } from "./parcel.js";
import { upgrade } from "./upgrade.js";
import { wsReceiver } from "./ws.js";

export const targets: readonly Target[] = [
  handshake,
  frames,
  wsReceiver,
  inflate,
  parcel,
  hub,
  event,
  upgrade,
];
