/** What a server makes of offers of permessage-deflate (RFC 7692 §5.1, §7.1). */

import assert from "node:assert/strict";
import { family, type Row } from "./case.js";
import { range } from "./payloads.js";
import type { ServerSubject } from "./server-subject.js";
import { agreementOf, anyWindow, NO_TAKEOVER } from "./windows.js";

/** What is offered to the route of all windows, and what it answers. */
type Offer = readonly [offer: string, answer: string | undefined];

const parameters: readonly Offer[] = [
  ["permessage-deflate", NO_TAKEOVER],
  ["permessage-deflate; server_no_context_takeover", NO_TAKEOVER],
  ["permessage-deflate; client_no_context_takeover", NO_TAKEOVER],
  [NO_TAKEOVER, NO_TAKEOVER],
  ["permessage-deflate; client_max_window_bits", NO_TAKEOVER],
  ['permessage-deflate; client_max_window_bits="10"', `${NO_TAKEOVER}; client_max_window_bits=10`],
  ['permessage-deflate; server_max_window_bits="10"', `${NO_TAKEOVER}; server_max_window_bits=10`],
  [
    "permessage-deflate;server_max_window_bits=10;client_max_window_bits",
    `${NO_TAKEOVER}; server_max_window_bits=10`,
  ],
  ...range(9, 15).map((bits): Offer => [
    `permessage-deflate; server_max_window_bits=${bits}`,
    `${NO_TAKEOVER}; server_max_window_bits=${bits}`,
  ]),
  ...range(8, 14).map((bits): Offer => [
    `permessage-deflate; client_max_window_bits=${bits}`,
    `${NO_TAKEOVER}; client_max_window_bits=${bits}`,
  ]),
  ["permessage-deflate; client_max_window_bits=15", NO_TAKEOVER],
  ...range(9, 14).map((bits): Offer => [
    `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`,
    `${NO_TAKEOVER}; server_max_window_bits=${bits}; client_max_window_bits=${bits}`,
  ]),
];

const declined = [
  "unknown",
  "unknown=1",
  "server_no_context_takeover=true",
  "client_no_context_takeover=1",
  "server_max_window_bits",
  ...["0", "7", "8", "16", "08", "1e1", "-9", "9.5", "ten", '"010"'].map(
    (bits) => `server_max_window_bits=${bits}`,
  ),
  ...["0", "7", "16", "08", "015", "ten"].map((bits) => `client_max_window_bits=${bits}`),
  "server_no_context_takeover; server_no_context_takeover",
  "client_max_window_bits; client_max_window_bits=10",
  "server_max_window_bits=10; server_max_window_bits=10",
].map((parameter) => `permessage-deflate; ${parameter}`);

const several: readonly Offer[] = [
  ["x-unknown, permessage-deflate", NO_TAKEOVER],
  ["permessage-deflate; unknown, permessage-deflate", NO_TAKEOVER],
  ["permessage-deflate; server_max_window_bits=8, permessage-deflate", NO_TAKEOVER],
  [
    "permessage-deflate; server_max_window_bits=10, permessage-deflate",
    `${NO_TAKEOVER}; server_max_window_bits=10`,
  ],
  ["x-unknown, x-another", undefined],
];

function answered([offer, answer]: Offer, path = "/compressed"): Row<ServerSubject> {
  return [
    `${offer} at ${path}: ${answer ?? "declined"}`,
    async (subject) => {
      const { head } = await subject.ask(path, offer);
      assert.match(head.firstLine, / 101 /);
      assert.deepEqual(head.all("Sec-WebSocket-Extensions"), answer === undefined ? [] : [answer]);
    },
  ];
}

/** What a route asks for itself: of the client only where it may. */
const wishes = range(9, 14).flatMap((bits) => [
  answered(
    ["permessage-deflate; client_max_window_bits", agreementOf({ server: bits, client: bits })],
    `/compressed/${bits}/${bits}`,
  ),
  answered(
    ["permessage-deflate", agreementOf({ ...anyWindow, server: bits })],
    `/compressed/${bits}/${bits}`,
  ),
  answered(
    [
      `permessage-deflate; server_max_window_bits=${bits + 1}; client_max_window_bits=${bits + 1}`,
      agreementOf({ server: bits, client: bits }),
    ],
    `/compressed/${bits}/${bits}`,
  ),
]);

export const serverNegotiation = [
  family(
    "N1",
    "Each parameter",
    parameters.map((offer) => answered(offer)),
  ),
  family(
    "N2",
    "Offers that are declined",
    declined.map((offer) => answered([offer, undefined])),
  ),
  family(
    "N3",
    "Several offers",
    several.map((offer) => answered(offer)),
  ),
  family("N4", "What a route asks for", wishes),
];
