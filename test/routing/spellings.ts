/** How the target `/admin/ws` can be spelled, so that one program reads it so and another otherwise. */

import * as fc from "fast-check";

const hex = (char: string): string => `%${char.charCodeAt(0).toString(16)}`;

/** One character, as it may be written to look like another one to one program and like itself to another. */
const written = (char: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(char) },
    fc.constantFrom(char.toUpperCase(), hex(char), hex(char).toUpperCase(), hex(char.toUpperCase())),
    fc.constantFrom(`%25${hex(char).slice(1)}`, `${char}%00`, `./${char}`, `\\${char}`),
  );

const word = (text: string): fc.Arbitrary<string> =>
  fc.tuple(...Array.from(text, written)).map((chars) => chars.join(""));

const slash = fc.oneof(
  { weight: 6, arbitrary: fc.constant("/") },
  fc.constantFrom(
    "//",
    "/./",
    "/x/../",
    "%2f",
    "%2F",
    "\\",
    "%5c",
    "/%2e/",
    ";/",
    "/;x/",
    "%2f/",
    "/%2f",
    "/%20/",
  ),
);

/** How the target of `/admin/ws` may be spelled. */
export const spelling: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant("") },
      fc.constantFrom("http://elsewhere.example", "HTTP://127.0.0.1", "ws://127.0.0.1:80", "https://a"),
    ),
    fc.oneof({ weight: 8, arbitrary: fc.constant("/") }, slash),
    word("admin"),
    slash,
    word("ws"),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant("") },
      fc.constantFrom(
        "/",
        "//",
        "?",
        "?/admin",
        "/?a=/ws",
        ";a",
        ";",
        ".",
        "/.",
        "/..",
        "%20",
        "%2f",
        "#",
        "#/a",
        "%",
      ),
    ),
  )
  .map((parts) => parts.join(""));

/** Those that were found to be read in two ways somewhere, so that each run has them. */
export const knownSpellings: readonly string[] = [
  "/ADMIN/ws",
  "/admin/WS",
  "/Admin/Ws/",
  "/admin/ws/",
  "/%61dmin/ws",
  "/admin%2fws",
  "/admin/%77s",
  "//admin/ws",
  "/admin//ws",
  "/./admin/ws",
  "/x/../admin/ws",
  "/admin;/ws",
  "/admin\\ws",
  "http://elsewhere.example/admin/ws",
  "HTTP://elsewhere.example/admin/ws?x",
  "ws://elsewhere.example/admin/ws/",
  "http://elsewhere.example/ADMIN/ws",
];
