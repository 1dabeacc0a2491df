/** What clients, networks and applications do wrong, and what becomes of it: one case for each number. */

/** What is done, and what the verdict is, in Markdown; and its number, where that is not the next one. */
export type HostileCase = readonly [what: string, verdict: string, number?: number];

export interface HostileChapter {
  readonly title: string;
  readonly cases: readonly HostileCase[];
}

/** A case and its number. */
export interface NumberedCase {
  readonly number: number;
  readonly what: string;
  readonly verdict: string;
}

/** Gives each case its number: the one that it names, or the next one through all chapters. */
export function numberedChapters(): readonly {
  readonly title: string;
  readonly cases: readonly NumberedCase[];
}[] {
  let last = 0;
  return hostileChapters.map(({ title, cases }) => ({
    title,
    cases: cases.map(([what, verdict, number = last + 1]) => {
      last = number;
      return { number, what, verdict };
    }),
  }));
}

/** They are numbered from 1 on, through all chapters, but for those that name their number. */
export const hostileChapters: readonly HostileChapter[] = [
  {
    title: "The opening handshake",
    cases: [
      ["A method other than GET", "405 with `Allow: GET`"],
      ["HTTP/1.0", "never a 101"],
      ["`Host` missing, twice or malformed", "400"],
      ["A target that is a whole URL", "routed by its path, never followed"],
      ["`Upgrade` and `Connection` in any casing, in lists", "101"],
      ["A key that is missing, of a wrong length, no base64 or there twice", "400"],
      ["A version that is missing, not 13 or there twice", "426 with `Sec-WebSocket-Version: 13`"],
      ["More than 16 KiB of headers, or thousands of them", "431 or another 4xx"],
      ["`__proto__` and the like as the name of anything", "a name like any other; no prototype is touched"],
      ["16 KiB of header made to be slow to read", "read in linear time"],
      ["An unclosed quote in the extensions", "400"],
      [
        "A subprotocol that is no token or comes twice; a line break in the app's choice",
        "400; 500 and nothing written",
      ],
      ["The app picks a subprotocol that nobody offered", "500, and an error in the log"],
      ["Bytes behind the request", "the first frames, none lost; thrown away behind a refusal"],
      ["An upgrade with a body", "400 and the end"],
      ["A connection that is silent, drips, or stalls in the TLS handshake", "408 or dropped within 10 s"],
      ["A reset while middleware still decides", "no handler runs, nothing stays counted"],
      ["Middleware that never decides", "503 at the deadline"],
      ["A target or an origin that can be read in two ways", "4xx; middleware and router see one path"],
      ["A path without a route; a server that goes down", "404; 503"],
    ],
  },
  {
    title: "Frames",
    cases: [
      ["An unmasked frame from a client, a masked one from a server", "1002"],
      ["Reserved bits and opcodes", "1002"],
      ["A length that is longer than it need be, or has the top bit set", "1002"],
      ["A length over the maximum", "1009 at the header, nothing set aside; the maximum itself is accepted"],
      ["A control frame that is large or fragmented", "1002"],
      ["A continuation of nothing, a message inside of another", "1002"],
      ["A ping between fragments", "answered at once, the message whole"],
      ["Tiny and empty fragments", "joined as they come; over 1,024 empty ones 1008, over the maximum 1009"],
      ["1 MiB in segments of one byte", "a message, in linear time"],
      ["A message that never ends", "1008 after 60 s without progress"],
      ["The same bytes, split anywhere", "the same messages"],
      ["Whatever is encoded, decoded again", "the original, and the verdicts are those of `ws`"],
    ],
  },
  {
    title: "UTF-8",
    cases: [
      ["A code point split over fragments and segments", "accepted"],
      ["Text that is overlong, a surrogate, above 10FFFF or cut short", "1007"],
      ["Invalid text in a message that is not complete", "1007 at the byte that proves it"],
      ["A close reason that is not UTF-8", "1007"],
    ],
  },
  {
    title: "Closes",
    cases: [
      ["A close code that may not be sent", "1002"],
      ["A close code that may be sent", "echoed"],
      ["A close payload of one byte; data after a close", "1002; ignored"],
      ["A close in the middle of a fragmented message", "echoed"],
      ["Closes of both sides at once", "one clean end"],
      ["No answer to a close; no close before the end", "dropped after 10 s; 1006"],
      ["The app closes with a code or reason that may not be sent", "an error, and nothing is sent"],
    ],
  },
  {
    title: "Compression",
    cases: [
      ["A bomb that inflates to 1 GiB, whole or in fragments", "1009, and memory hardly grows"],
      ["A thousand small bombs at once", "1009 each, and memory is bounded for all together"],
      ["A stream that is corrupt, cut short, or ends with a final block", "1007, 1007, accepted"],
      ["A compressed control frame or continuation", "1002"],
      ["An offer with unknown, doubled or wrong parameters", "declined, the next one tried"],
      ["Context takeover", "none by us, in either direction"],
      ["The end of a connection while it is compressed for", "no crash, nothing left"],
    ],
  },
  {
    title: "Exhaustion",
    cases: [
      [
        "A slow reader of a fast broadcast",
        "bounded, then dropped from or cut with 1013; others notice nothing",
      ],
      ["Pings by somebody who doesn't read the pongs", "1008 when 60 wait"],
      ["Messages faster than the option `rateLimit`", "1008"],
      ["A peer that is gone without a word", "1006 after ping interval and pong timeout"],
      ["No file descriptors left", "newcomers are closed, open sockets live on, and it recovers"],
      ["More connections than the limits, of one address or in all", "429 and 503"],
      ["A port that is taken", "an error in a sentence, and a non-zero exit"],
    ],
  },
  {
    title: "The application's own faults",
    cases: [
      ["A handler that throws", "1011, logged once, others live on; 500 before the 101"],
      ["A handler that returns early, or never", "1000; named in the log when the grace period is over"],
      ["A send after the close, two receives at once, sends from all sides", "typed errors; nothing mixes"],
      ["An upgrade accepted twice, or after a refusal", "an error; the first socket lives on"],
      [
        "An error in `onError` or the logger, a promise that nobody awaits",
        "the process lives, the log tells",
      ],
    ],
  },
  {
    title: "Sessions and origin",
    cases: [
      ["An `Origin` of another site, whatever the trick", "403"],
      ["No cookie, a forged one, an expired session", "the answer of the app's own middleware"],
      ["A log-out", "all sockets of the session closed within 1 s with 4401, in all processes"],
    ],
  },
  {
    title: "Brokers",
    cases: [
      ["Redis or NATS restarts, hangs or is cut off", "reconnected and resubscribed, and the gap is told"],
      ["Publishing meanwhile", "in a bounded queue, or a rejected promise"],
      ["A payload that is not ours, or too large", "dropped and counted"],
    ],
  },
  {
    title: "Processes",
    cases: [
      [
        "A worker that is killed, or dies of its start",
        "replaced, with a growing delay; a crash loop ends with its reason",
      ],
      ["SIGTERM, and a second signal", "an end within the grace period; at once"],
      ["A rolling restart under load", "nobody is refused"],
      ["100,000 connections that come and go", "heap, descriptors and timers as before"],
    ],
  },
  {
    title: "Proxies",
    cases: [
      ["Silence behind nginx and HAProxy", "kept open by pings"],
      ["`X-Forwarded-*`", "counts only from a trusted peer"],
    ],
  },
  {
    title: "What could end the process",
    cases: [
      ["A reset at any moment of an upgrade, also behind earlier requests", "only that connection ends", 75],
      [
        "Workers that die again and again because of what clients do",
        "replaced for ever once one has served",
      ],
      [
        "The log or the banner can't be written: the disk is full, the reader gone",
        "the app serves on; other commands end with the reason, or quietly where nothing reads them",
      ],
      [
        "Faults beside ours: errors of connections, the app's messages to its supervisor, the server, the input, a process that can't be started",
        "heard as long as they may come, never silenced for others, and never the end of the service",
      ],
    ],
  },
  {
    title: "What could get lost",
    cases: [
      [
        "Messages, a close frame and a FIN or reset at once, to a handler that is slower",
        "all that was received is delivered, and the close frame counts",
        79,
      ],
      [
        "Messages and a violation in one segment",
        "what is answered at once goes out before the 1002, 1007, 1008 or 1009",
        81,
      ],
      [
        "A large message and a close, to a slow but steady reader",
        "not cut while it goes out; dropped when nothing moves any more",
      ],
      [
        "A client that reads slowly, but steadily",
        "any byte taken that can be seen is a sign of life; 1006 once there is none",
      ],
    ],
  },
  {
    title: "Async contexts",
    cases: [
      [
        "Request contexts (`AsyncLocalStorage`), and an end that a timer, a log-out or another socket causes",
        "every call in the context of its own upgrade; no context is kept alive by what is shared",
        85,
      ],
      [
        "Watchers of requests: Sentry, OpenTelemetry, Node's channels, a wrapped `emit`",
        "an upgrade is one request, isolated, and ends with the 101 or the refusal",
      ],
    ],
  },
  {
    title: "Too strict, too lax",
    cases: [
      [
        "An `Origin` that is none: `device.local`, a URL with a path, empty",
        'the policy decides: `"any"` or a function may let it in; else 403',
        87,
      ],
      [
        "A peer that takes its compression context over, though told not to",
        "understood, within bounded memory",
      ],
      [
        "A mangled or empty `Sec-WebSocket-Extensions` where compression is off",
        "accepted: what isn't used isn't judged; with compression 400",
      ],
      ["A server with classes of its own for requests and responses", "upgrades get them"],
      [
        "A connection that is a stream but no socket of `node:net`",
        "a WebSocket like any other; what fails gives back what it counted",
      ],
      ["Small messages on sockets made without `noDelay`", "sent without delay"],
      ["Many upgrades to TLS on one connection", "served; the connection is announced once"],
      [
        "An upgrade behind a response that waits for `drain`",
        "the response ends, then the upgrade has its turn",
      ],
      [
        "Fake timers of a test suite, before the import or afterwards",
        "sockets go on, meanwhile and when the real timers are back",
      ],
      [
        "A `Response` that is thrown by a hook or by a function among the options",
        "the answer, as if returned; 1011 where a handler throws it",
      ],
      [
        "An old proxy that relays no answer in chunks",
        "refusals and small answers have a Content-Length; streams stay chunked",
      ],
      [
        "A path in other letters, with escapes or slashes, or as a whole URL, past a guard",
        "no spelling reaches a route without its guard; exact where the framework has no rule",
      ],
    ],
  },
  {
    title: "Beside others",
    cases: [
      [
        "An `upgrade` listener that was there before, such as a guard",
        "a warning; asked first, with `askEarlierListeners`",
        113,
      ],
      [
        "Middleware that replaces the answer to an accepted upgrade",
        "101 where it is a success; 300 and above stands, and no handler runs",
      ],
      ["`sockets.close()` and `fastify.close()`", "no listener of ours is left on the server", 116],
      [
        "A close frame with a reason; an empty one",
        'the reason is echoed; an empty one is answered with one, and can be sent by `close("empty")`',
        122,
      ],
    ],
  },
];
