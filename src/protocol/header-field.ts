/**
 * Parsers for the header fields of the opening handshake (RFC 9110 §5.6, RFC 6455 §9.1).
 * Each is linear in its input, throws nothing for any string, and keeps what came in arrays and maps, never as keys
 * of an object: `__proto__` is a name like any other.
 */

/** The most elements that a list may have; a longer one counts as malformed. */
const MAX_LIST_ELEMENTS = 64;

/** The most parameters that one extension may have; more count as malformed. */
const MAX_EXTENSION_PARAMETERS = 64;

/** One element of Sec-WebSocket-Extensions: an extension that is offered, or agreed to (RFC 6455 §9.1). */
export interface ExtensionOffer {
  /** The extension's name as it came; names are compared with their case. */
  readonly name: string;
  /** The parameters in order, doubles included; `true` stands for one without a value. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string | true]>;
}

/** The values of header fields under their names in lower case, in the order they came. */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

/** One character class and no alternatives: the expression never goes back. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TOKEN_AT = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;

/** Whether a string is a token (RFC 9110 §5.6.2): what method names, header names and subprotocols are made of. */
export function isToken(value: string): boolean {
  return TOKEN.test(value);
}

/**
 * Collects the values of all header fields in one pass.
 *
 * @param rawHeaders - name, value, name, value, as `IncomingMessage.rawHeaders` has them
 * @returns values without the spaces and tabs around them
 */
export function collectFields(rawHeaders: readonly string[]): HeaderFields {
  const fields = new Map<string, string[]>();
  let name: string | undefined;
  for (const item of rawHeaders) {
    if (name === undefined) {
      name = item.toLowerCase();
      continue;
    }
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [trimWhitespace(item)]);
    else values.push(trimWhitespace(item));
    name = undefined;
  }
  return fields;
}

/** All values of a field as one list (RFC 9110 §5.3); "" where there is none. */
export function joinedField(fields: HeaderFields, name: string): string {
  return fields.get(name)?.join(", ") ?? "";
}

/**
 * Reads a comma-separated list of tokens (RFC 9110 §5.6.1). Empty elements are skipped, as §5.6.1.2 asks.
 *
 * @returns the tokens with their case, `[]` for a list of nothing, or `undefined` where an element is no token or
 *   there are more than 64 of them
 */
export function parseTokenList(value: string): string[] | undefined {
  const tokens: string[] = [];
  for (const element of value.split(",")) {
    const token = trimWhitespace(element);
    if (token === "") continue;
    if (!isToken(token) || tokens.length === MAX_LIST_ELEMENTS) return undefined;
    tokens.push(token);
  }
  return tokens;
}

/**
 * Whether a comma-separated list holds a token, in any case of its ASCII letters. Other elements may be anything.
 *
 * @param value - the value of Upgrade or Connection; several lines joined with commas
 * @param token - what to look for
 */
export function hasToken(value: string, token: string): boolean {
  const wanted = token.toLowerCase();
  const isWanted = (element: string): boolean => {
    const candidate = trimWhitespace(element);
    // Only ASCII may match: the Kelvin sign in lower case is a plain "k", but it makes no token.
    return candidate.length === wanted.length && candidate.toLowerCase() === wanted && isToken(candidate);
  };
  return value.includes(",") ? value.split(",").some(isWanted) : isWanted(value);
}

/**
 * Reads the value of Sec-WebSocket-Extensions (RFC 6455 §9.1).
 *
 * @param value - several lines joined with commas
 * @returns the extensions in order, `[]` for a list of nothing, or `undefined` where the value is malformed: an
 *   unclosed quote, a name or value that is no token, more than 64 extensions or 64 parameters of one of them
 */
export function parseExtensions(value: string): ExtensionOffer[] | undefined {
  const cursor = new Cursor(value);
  const offers: ExtensionOffer[] = [];
  while (!cursor.atEnd) {
    if (cursor.take(",")) continue;
    const offer = readExtension(cursor);
    if (offer === undefined || offers.length === MAX_LIST_ELEMENTS) return undefined;
    offers.push(offer);
    if (!cursor.atEnd && !cursor.take(",")) return undefined;
  }
  return offers;
}

/**
 * Writes one extension as Sec-WebSocket-Extensions has it: what `parseExtensions` reads back.
 *
 * @param extension - its name and all names and values of its parameters are tokens
 */
export function formatExtension(extension: ExtensionOffer): string {
  const parameters = extension.parameters.map(([name, value]) =>
    value === true ? name : `${name}=${value}`,
  );
  return [extension.name, ...parameters].join("; ");
}

/** `extension-token *( ";" extension-param )` */
function readExtension(cursor: Cursor): ExtensionOffer | undefined {
  const name = cursor.token();
  if (name === undefined) return undefined;
  const parameters: Array<readonly [string, string | true]> = [];
  while (cursor.take(";")) {
    const parameter = readParameter(cursor);
    if (parameter === undefined || parameters.length === MAX_EXTENSION_PARAMETERS) return undefined;
    parameters.push(parameter);
  }
  return { name, parameters };
}

/** `token [ "=" ( token / quoted-string ) ]` */
function readParameter(cursor: Cursor): readonly [string, string | true] | undefined {
  const name = cursor.token();
  if (name === undefined) return undefined;
  if (!cursor.take("=")) return [name, true];
  const value = cursor.take('"') ? cursor.restOfQuotedToken() : cursor.token();
  return value === undefined ? undefined : [name, value];
}

/** A place in a header value. It only moves on, past spaces and tabs too, which may stand between any two parts. */
class Cursor {
  readonly #value: string;
  #index = 0;

  constructor(value: string) {
    this.#value = value;
    this.#skipWhitespace();
  }

  get atEnd(): boolean {
    return this.#index === this.#value.length;
  }

  /** Moves past a character, if it is the next one. */
  take(character: string): boolean {
    if (this.#value[this.#index] !== character) return false;
    this.#index++;
    // Inside of quotes, spaces count.
    if (character !== '"') this.#skipWhitespace();
    return true;
  }

  /** Moves past a token, if one is next. */
  token(): string | undefined {
    TOKEN_AT.lastIndex = this.#index;
    const token = TOKEN_AT.exec(this.#value)?.[0];
    if (token === undefined) return undefined;
    this.#index += token.length;
    this.#skipWhitespace();
    return token;
  }

  /** After an opening quote: moves past the closing one. What they hold must be a token once unescaped (§9.1). */
  restOfQuotedToken(): string | undefined {
    let token = "";
    for (let index = this.#index; index < this.#value.length; index++) {
      let character = this.#value.charAt(index);
      if (character === '"') {
        this.#index = index + 1;
        this.#skipWhitespace();
        return isToken(token) ? token : undefined;
      }
      if (character === "\\") character = this.#value.charAt(++index);
      token += character;
    }
    return undefined;
  }

  #skipWhitespace(): void {
    while (isWhitespace(this.#value, this.#index)) this.#index++;
  }
}

/** Optional white space is spaces and tabs only (RFC 9110 §5.6.3); `trim` would also take a no-break space. */
function trimWhitespace(value: string): string {
  let start = 0;
  let end = value.length;
  while (isWhitespace(value, start)) start++;
  while (end > start && isWhitespace(value, end - 1)) end--;
  return value.slice(start, end);
}

function isWhitespace(value: string, index: number): boolean {
  const code = value.charCodeAt(index);
  return code === 0x20 || code === 0x09;
}
