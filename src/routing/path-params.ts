/** The variables of a path, typed from its literal. */

type NameEnd =
  | "/"
  | "-"
  | "."
  | "~"
  | ":"
  | "*"
  | "{"
  | "}"
  | "("
  | ")"
  | "?"
  | "+"
  | "\\"
  | "@"
  | ","
  | ";"
  | "="
  | "&"
  | "!"
  | "$"
  | "'"
  | '"'
  | "%"
  | " ";

/** The name at the start of `Text`, up to the first character that cannot be part of one. */
type LeadingName<Text extends string, Name extends string = ""> = Text extends `${infer First}${infer Rest}`
  ? First extends NameEnd
    ? Name
    : LeadingName<Rest, `${Name}${First}`>
  : Name;

type AfterName<Text extends string, Name extends string> = Text extends `${Name}${infer Rest}` ? Rest : "";

/**
 * `{...}` makes what is in it optional; `:name?` and `*name?` do so in the older syntax of Express 4.
 * `Depth` has one element for each brace that is open.
 */
type ParamsOf<Path extends string, Depth extends unknown[] = []> = Path extends `${infer First}${infer Rest}`
  ? First extends "{"
    ? ParamsOf<Rest, [...Depth, "{"]>
    : First extends "}"
      ? ParamsOf<Rest, Depth extends [unknown, ...infer Outer] ? Outer : []>
      : First extends ":"
        ? Variable<LeadingName<Rest>, AfterName<Rest, LeadingName<Rest>>, string, Depth>
        : First extends "*"
          ? Variable<LeadingName<Rest>, AfterName<Rest, LeadingName<Rest>>, string[], Depth>
          : ParamsOf<Rest, Depth>
  : unknown;

type Variable<Name extends string, Rest extends string, Value, Depth extends unknown[]> = (Name extends ""
  ? unknown
  : Rest extends `?${string}`
    ? { readonly [Key in Name]?: Value }
    : Depth extends []
      ? { readonly [Key in Name]: Value }
      : { readonly [Key in Name]?: Value }) &
  ParamsOf<Rest, Depth>;

/** What is known of the variables where the path is not a literal. */
export type AnyParams = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The variables of a path: `PathParams<"/rooms/:id{/:page}">` is `{ readonly id: string; readonly page?: string }`.
 * A wildcard `*rest` gives the list of its segments.
 */
export type PathParams<Path extends string> = string extends Path
  ? AnyParams
  : { [Key in keyof ParamsOf<Path>]: ParamsOf<Path>[Key] };
